// An echo server with SwiftNIO's channel handlers and swift-nio-ssl: one event loop, one thread.
// Usage: SwiftNIOTLSEcho CERTIFICATE KEY PORT (on 127.0.0.1)

import NIOCore
import NIOPosix
import NIOSSL

final class Echo: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    context.write(data, promise: nil)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    context.flush()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}

@main
enum Program {
  static func main() throws {
    let words = CommandLine.arguments
    guard words.count == 4, let port = Int(words[3]) else {
      fatalError("usage: SwiftNIOTLSEcho CERTIFICATE KEY PORT")
    }
    let context = try NIOSSLContext(
      configuration: .makeServerConfiguration(
        certificateChain: NIOSSLCertificate.fromPEMFile(words[1]).map { .certificate($0) },
        privateKey: .privateKey(NIOSSLPrivateKey(file: words[2], format: .pem))))
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let server = try ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 4096)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          try pipeline.addHandlers(NIOSSLServerHandler(context: context), Echo())
        }
      }
      .bind(host: "127.0.0.1", port: port)
      .wait()
    try server.closeFuture.wait()
  }
}
