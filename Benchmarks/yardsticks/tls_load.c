// Load for a TLS echo server on 127.0.0.1, one thread and blocking sockets: it is the server whose CPU time is
// measured. Does not verify the server's certificate.
//
// tls_load handshake PORT COUNT        COUNT connections one after the other, a byte echoed on each
// tls_load resume PORT COUNT           the same, each but the first resuming the session of the one before
// tls_load echo PORT COUNT SIZE CONNECTIONS   COUNT messages of SIZE bytes, in turn on all connections
// tls_load idle PORT COUNT             opens COUNT connections, says "open", and ends at the end of its input
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static int port;
static SSL_CTX *context;
static SSL_SESSION *ticket;

static void fail(const char *what) {
  perror(what);
  ERR_print_errors_fp(stderr);
  exit(1);
}

static int keep(SSL *ssl, SSL_SESSION *session) {
  (void)ssl;
  if (ticket) SSL_SESSION_free(ticket);
  ticket = session;
  return 1;
}

// Different addresses of the loopback network: a server may limit the connections of one.
static SSL *connect_one(long number, int resume) {
  int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  struct sockaddr_in own = {.sin_family = AF_INET};
  own.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + number / 200 % 250);
  bind(fd, (struct sockaddr *)&own, sizeof own);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) fail("connect");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  SSL *ssl = SSL_new(context);
  SSL_set_fd(ssl, fd);
  if (resume && ticket) SSL_set_session(ssl, ticket);
  if (SSL_connect(ssl) != 1) fail("SSL_connect");
  return ssl;
}

static void send_all(SSL *ssl, const char *bytes, int size) {
  if (SSL_write(ssl, bytes, size) != size) fail("SSL_write");
}

static void receive_all(SSL *ssl, char *bytes, int size) {
  for (int count = 0; count < size;) {
    int read = SSL_read(ssl, bytes, size - count);
    if (read <= 0) fail("SSL_read");
    count += read;
  }
}

static void end(SSL *ssl) {
  int fd = SSL_get_fd(ssl);
  SSL_shutdown(ssl);
  // A reset instead of a FIN: thousands of short connections would use up the ports otherwise.
  struct linger linger = {.l_onoff = 1, .l_linger = 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  SSL_free(ssl);
  close(fd);
}

static void handshakes(long count, int resume) {
  long resumed = 0;
  for (long i = 0; i < count; i++) {
    char byte = 'x';
    SSL *ssl = connect_one(i, resume);
    resumed += SSL_session_reused(ssl);
    send_all(ssl, &byte, 1);
    receive_all(ssl, &byte, 1);
    end(ssl);
  }
  if (resumed != (resume ? count - 1 : 0)) {
    fprintf(stderr, "%ld of %ld connections were resumed\n", resumed, count);
    exit(1);
  }
}

static void echoes(long count, int size, int connections) {
  SSL **all = calloc(connections, sizeof *all);
  char *message = calloc(1, size), *answer = calloc(1, size);
  for (int i = 0; i < connections; i++) all[i] = connect_one(i, 0);
  for (long sent = 0; sent < count; sent += connections) {
    for (int i = 0; i < connections; i++) send_all(all[i], message, size);
    for (int i = 0; i < connections; i++) receive_all(all[i], answer, size);
  }
}

static void idle(long count) {
  for (long i = 0; i < count; i++) {
    char byte = 'x';
    SSL *ssl = connect_one(i, 0);
    send_all(ssl, &byte, 1);
    receive_all(ssl, &byte, 1);
  }
  puts("open");
  fflush(stdout);
  while (getchar() != EOF) {}
}

int main(int argc, char **argv) {
  if (argc < 4) return fprintf(stderr, "usage: tls_load handshake|resume|echo|idle PORT COUNT ...\n"), 2;
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  port = atoi(argv[2]);
  long count = atol(argv[3]);
  context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, keep);
  if (!strcmp(argv[1], "handshake")) handshakes(count, 0);
  else if (!strcmp(argv[1], "resume")) handshakes(count, 1);
  else if (!strcmp(argv[1], "idle")) idle(count);
  else if (argc == 6) echoes(count, atoi(argv[4]), atoi(argv[5]));
  else return 2;
}
