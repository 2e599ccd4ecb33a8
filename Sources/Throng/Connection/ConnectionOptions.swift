// The limits and socket options of each connection, with the defaults that a careful operator chooses.

/// Limits and socket options that hold for each connection of a server.
public struct ConnectionOptions: Sendable {
  /// `send` suspends while more than this many bytes wait for the kernel.
  public var highWaterMark = 64 * 1024
  /// A suspended `send` goes on when no more than this many bytes wait.
  public var lowWaterMark = 32 * 1024
  /// What `write` does about a client that does not read.
  public var slowReaders = SlowReaderPolicy()

  /// Closes a connection on which nothing was received or sent, and nothing that is queued was
  /// acknowledged, for this long; nil: never. Input that waits in the kernel while the handler wants it is
  /// no silence: the process was held up.
  public var idleTimeout: Duration? = .seconds(300)
  /// How long a new client may take until its first byte; nil: as long as the idle timeout allows.
  public var firstByteTimeout: Duration?
  /// How long one receive may wait; nil: as long as the idle timeout allows.
  public var receiveTimeout: Duration?
  /// How long queued bytes may wait while the kernel takes none of them and the client acknowledges
  /// nothing; nil: as the idle timeout allows. Acknowledgements are looked at four times in this time, so
  /// a client that reads nothing may keep its connection for a quarter longer.
  public var sendTimeout: Duration?
  /// How long a connection whose handler has returned keeps what is still to be sent while the kernel
  /// takes none of it and the client acknowledges nothing; then it is reset.
  public var flushTimeout: Duration = .seconds(30)
  /// How long a closing connection waits for the client's FIN after its own, so that what was sent
  /// is not lost to a reset (RFC 1122, 4.2.2.13). It waits once more when input has arrived that was not
  /// read yet.
  public var lingerTimeout: Duration = .seconds(1)

  /// Cancels the task of a ``Handler`` that awaits something else than its client when the client has sent FIN
  /// and everything before it was received, also from a ``Reader``: for protocols whose clients close when
  /// they no longer want an answer. Otherwise FIN says only that nothing more will be received, since the client
  /// may still read (half-close). The connection stays open, and bytes can be sent.
  public var cancelsOnClose = false

  /// Sends small messages at once instead of waiting for acknowledgements (TCP_NODELAY, tcp(7)).
  public var noDelay = true
  /// Probes idle connections after this long, and finds those whose client vanished (SO_KEEPALIVE).
  public var keepAlive: Duration?
  /// How long sent bytes may stay unacknowledged (TCP_USER_TIMEOUT, tcp(7)); nil: the system's.
  public var userTimeout: Duration?
  /// The kernel's send buffer in bytes (SO_SNDBUF, socket(7)); nil: the system tunes it.
  public var sendBufferSize: Int?
  /// The kernel's receive buffer in bytes (SO_RCVBUF, socket(7)); nil: the system tunes it.
  public var receiveBufferSize: Int?

  /// The longest segment that is asked of the peer, in bytes (TCP_MAXSEG, tcp(7)); nil: what the
  /// interface takes.
  package var maximumSegmentSize: Int?

  /// Creates the default options.
  public init() {}
}
