import Throng
import ThrongHandlers
let port = Int(CommandLine.arguments[1])!
let c = Configuration(host: "127.0.0.1", port: port)
let server = CommandLine.arguments.count > 2 ? Server(events: EventEcho(), configuration: c) : Server(Echo(), configuration: c)
try server.listen()
print(server.addresses)
try server.run()
