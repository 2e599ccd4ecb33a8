import Throng
import ThrongHandlers
let a = CommandLine.arguments
let port = Int(a.last!)!
let c = Configuration(host: "127.0.0.1", port: port)
let model: Model = switch a[1] { case "r": .reactor; case "r2": .reactor(loops: 2); case "t": .threadPerClient; case "p1": .threadPool(threads: 1); default: .threadPool(threads: 2) }
let server = a[2] == "events" ? Server(events: EventEcho(), model: model, configuration: c) : Server(Echo(), model: model, configuration: c)
try server.listen()
print(server.addresses)
try server.run()
