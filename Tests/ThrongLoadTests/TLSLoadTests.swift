// Loads over TLS: every byte is verified, handshakes are full or resumed, and a certificate that is not
// trusted is a fault.

import TestSupport
import Testing
import Throng
import ThrongTLS

@testable import ThrongLoad

@Suite(.opensResources, .blocking, .serialized) struct TLSLoadTests {
  private func run(
    trusting authority: TestAuthority? = nil, resumesSessions: Bool = true,
    _ change: (inout LoadOptions) -> Void
  ) throws -> LoadResult {
    let certificates = try TestCertificates.shared
    var client = TLSClientConfiguration()
    let trusted = authority ?? certificates.authority
    client.verification = .authorities(
      TLSAuthorities(certificatesPath: trusted.files.certificate))
    client.resumesSessions = resumesSessions
    let server = TLSServerConfiguration(
      certificatePath: certificates.server.certificate, keyPath: certificates.server.key)
    var connections = ConnectionOptions()
    connections.idleTimeout = nil
    return try TestServer.run(
      EchoServer.Echo(), connections: connections, security: .tls(server),
      clientSecurity: .tls(client), until: Load.isMeasured, change)
  }

  @Test(arguments: [64, 100_000])
  func everyByteIsVerified(size: Int) throws {
    let result = try run { options in
      options.connections = 4
      options.threads = 2
      options.echo.depth = 3
      options.echo.messages.sizes = .fixed(size)
    }
    #expect(result.exitStatus == 0, "\(result.faultSentences)")
    #expect(result.runs[0].messages > 0)
    #expect(result.runs[0].connections.resumed != nil)
  }

  @Test(arguments: [false, true])
  func aChurnMakesFullOrResumedHandshakes(resumesSessions: Bool) throws {
    let result = try run(resumesSessions: resumesSessions) { options in
      options.connections = 2
      options.workload = .churn(ChurnOptions())
    }
    #expect(result.exitStatus == 0, "\(result.faultSentences)")
    let connections = result.runs[0].connections
    let resumed = try #require(connections.resumed)
    #expect(result.runs[0].messages > 0)
    // A busy machine may open no more than the first ones, which have no session to resume.
    let isLong = connections.opened > 8
    #expect(resumesSessions ? resumed < connections.opened : resumed == 0)
    #expect(resumed > 0 || !resumesSessions || !isLong)
  }

  @Test func slowReadersReadOverTLS() throws {
    let result = try run { options in
      options.connections = 2
      options.echo.slowReaders = 50
    }
    #expect(result.exitStatus == 0, "\(result.faultSentences)")
    #expect(try #require(result.runs[0].slow).opened == 1)
  }

  @Test func aCertificateThatIsNotTrustedIsAFault() throws {
    let result = try run(trusting: TestCertificates.shared.strangers) { $0.connections = 2 }
    #expect(result.exitStatus == 1)
    let fault = try #require(result.runs[0].faults.first)
    #expect(fault.kind == .connectFailed && fault.count == 2)
    #expect(fault.first.contains("TLS failed: certificate not trusted"))
    #expect(fault.hint == .certificate)
  }
}
