// Load for a TLS echo server on 127.0.0.1, one thread and blocking sockets: it is the server whose CPU time is
// measured. Does not verify the server's certificate.
//
// tls_load handshake PORT COUNT [STEP]   COUNT connections one after the other, a byte echoed on each; says how many
//                                        there were after each STEP, and how often the certificate changed
// tls_load resume PORT COUNT [STEP]      the same, each but the first resuming the session of the one before
// tls_load flood PORT COUNT OPEN         COUNT connections, OPEN at once, that send a ClientHello and are reset when
//                                        the server has answered it: for the server, the costly part of a handshake
// tls_load echo PORT COUNT SIZE OPEN     COUNT messages of SIZE bytes, in turn on OPEN connections
// tls_load idle PORT COUNT               opens COUNT connections, says "open", and ends at the end of its input
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
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
static int connect_socket(long number) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in own = {.sin_family = AF_INET};
  own.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + number / 200 % 250);
  bind(fd, (struct sockaddr *)&own, sizeof own);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) fail("connect");
  return fd;
}

// A reset instead of a FIN: thousands of short connections would use up the ports otherwise.
static void reset(int fd) {
  struct linger linger = {.l_onoff = 1, .l_linger = 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  close(fd);
}

static SSL *connect_one(long number, int resume) {
  int fd = connect_socket(number), on = 1;
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
  SSL_free(ssl);
  reset(fd);
}

static void handshakes(long count, int resume, long step) {
  long resumed = 0, changes = -1;
  unsigned char last[EVP_MAX_MD_SIZE] = {0}, digest[EVP_MAX_MD_SIZE];
  for (long i = 0; i < count; i++) {
    char byte = 'x';
    SSL *ssl = connect_one(i, resume);
    resumed += SSL_session_reused(ssl);
    if (step) {
      X509_digest(SSL_get0_peer_certificate(ssl), EVP_sha256(), digest, NULL);
      changes += memcmp(last, digest, 32) != 0;
      memcpy(last, digest, 32);
    }
    send_all(ssl, &byte, 1);
    receive_all(ssl, &byte, 1);
    end(ssl);
    if (step && (i + 1) % step == 0) {
      printf("%ld connections, %ld resumed, the certificate changed %ld times\n", i + 1, resumed, changes);
      fflush(stdout);
    }
  }
  if (!step && resumed != (resume ? count - 1 : 0)) {
    fprintf(stderr, "%ld of %ld connections were resumed\n", resumed, count);
    exit(1);
  }
}

static void begin_flood(int epoll, long number, const char *hello, long size) {
  int fd = connect_socket(number);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
  epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
  if (write(fd, hello, size) != size) fail("write");
}

static void flood(long count, long open) {
  SSL *ssl = SSL_new(context);
  SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  SSL_connect(ssl);
  char *hello;
  long size = BIO_get_mem_data(SSL_get_wbio(ssl), &hello), begun = 0, answered = 0;
  int epoll = epoll_create1(0);
  struct epoll_event events[64];
  while (begun < open && begun < count) begin_flood(epoll, begun++, hello, size);
  while (answered < count) {
    int ready = epoll_wait(epoll, events, 64, -1);
    for (int i = 0; i < ready; i++, answered++) {
      reset(events[i].data.fd);
      if (begun < count) begin_flood(epoll, begun++, hello, size);
    }
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
  if (argc < 4) return fprintf(stderr, "usage: tls_load handshake|resume|flood|echo|idle PORT COUNT ...\n"), 2;
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  port = atoi(argv[2]);
  long count = atol(argv[3]), more = argc > 4 ? atol(argv[4]) : 0;
  context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, keep);
  if (!strcmp(argv[1], "handshake")) handshakes(count, 0, more);
  else if (!strcmp(argv[1], "resume")) handshakes(count, 1, more);
  else if (!strcmp(argv[1], "idle")) idle(count);
  else if (!strcmp(argv[1], "flood") && more) flood(count, more);
  else if (argc == 6) echoes(count, (int)more, atoi(argv[5]));
  else return 2;
}
