// The port that servers and clients use unless told otherwise: the library's.

import Throng

let defaultPort = Configuration().listen.lazy.compactMap(\.endpoint.port).first ?? 0

extension Endpoint {
  fileprivate var port: Int? {
    switch self {
    case .anyAddress(let port), .host(_, let port): port
    case .unix, .passed: nil
    }
  }
}
