// An echo server with tokio: a task for each client, all on one thread.
// Usage: tokio-echo PORT (on 127.0.0.1)
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Small messages fit, and ten thousand clients still do not fill the memory.
const BUFFER_SIZE: usize = 4096;

async fn echo(mut client: TcpStream) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    let mut buffer = vec![0; BUFFER_SIZE];
    loop {
        let count = client.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        client.write_all(&buffer[..count]).await?;
    }
}

fn main() -> std::io::Result<()> {
    let port = std::env::args().last().and_then(|word| word.parse().ok()).unwrap_or(52000);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        loop {
            let (client, _) = listener.accept().await?;
            tokio::spawn(async move {
                // A client that resets its connection ends its own task and nothing else.
                let _ = echo(client).await;
            });
        }
    })
}
