// Minimal broadcast server: one thread, one send(2) for each line and client. The sender does not receive its
// own lines; a client with a full socket buffer misses lines. Usage: fanout PORT [named] (on 127.0.0.1)
// With "named", the first line of each client is its name, as in a chat, and is not sent.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 256, BUFFER = 65536, CLIENTS = 65536 };

static int clients[CLIENTS], place[CLIENTS], count;  // place: of a descriptor among the clients
static char *partial[CLIENTS];                       // of a descriptor: a line whose end has not come
static size_t held[CLIENTS];
static int named, hasName[CLIENTS];

static int listen_on(int port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 4096) == 0) return fd;
  perror("listen");
  exit(1);
}

static void accept_all(int epoll, int listener) {
  int fd, on = 1;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    clients[place[fd] = count++] = fd;
    hasName[fd] = !named;
  }
}

static void leave(int fd) {
  clients[place[fd]] = clients[--count];
  place[clients[place[fd]]] = place[fd];
  held[fd] = 0;
  close(fd);
}

static void broadcast(int sender, const char *line, size_t length) {
  for (int i = 0; i < count; i++)
    if (clients[i] != sender) send(clients[i], line, length, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void serve(int fd) {
  static char buffer[BUFFER];
  if (held[fd]) memcpy(buffer, partial[fd], held[fd]);
  ssize_t got = recv(fd, buffer + held[fd], sizeof buffer - held[fd], 0);
  if (got == 0 || (got < 0 && errno != EAGAIN)) leave(fd);
  if (got <= 0) return;
  char *line = buffer, *end = buffer + held[fd] + got, *newline;
  for (; (newline = memchr(line, '\n', end - line)); line = newline + 1)
    if (!hasName[fd]) hasName[fd] = 1;
    else broadcast(fd, line, newline + 1 - line);
  held[fd] = end - line < BUFFER ? end - line : 0;  // a longer line is dropped
  if (held[fd]) memcpy(partial[fd] = partial[fd] ? partial[fd] : malloc(BUFFER), line, held[fd]);
}

int main(int argc, char **argv) {
  struct rlimit limit = {CLIENTS, CLIENTS};
  setrlimit(RLIMIT_NOFILE, &limit);
  named = argc > 2 && strcmp(argv[2], "named") == 0;
  int listener = listen_on(argc > 1 ? atoi(argv[1]) : 52000), epoll = epoll_create1(0);
  struct epoll_event events[EVENTS], event = {.events = EPOLLIN, .data.fd = listener};
  epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    int ready = epoll_wait(epoll, events, EVENTS, -1);
    for (int i = 0; i < ready; i++) {
      if (events[i].data.fd == listener) accept_all(epoll, listener);
      else serve(events[i].data.fd);
    }
  }
}
