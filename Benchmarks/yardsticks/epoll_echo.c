// Minimal epoll echo server: one thread, level-triggered, one buffer for all clients, no system call more
// than necessary. Usage: epoll_echo PORT [PERCENT] (on 127.0.0.1)
// With PERCENT, which may be 0, it wastes so much of the processor time that it needs otherwise, turn by turn: a
// difference that is known, for comparisons to find. With one client: with more, a slower server gets more messages
// in a turn, which costs less for each.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 256, BUFFER = 65536 };

static int listen_on(int port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 4096) < 0) {
    perror("listen");
    exit(1);
  }
  return fd;
}

static void accept_all(int epoll, int listener) {
  int fd, on = 1;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
  }
}

static void echo(int fd) {
  static char buffer[BUFFER];
  ssize_t count = recv(fd, buffer, sizeof buffer, 0);
  if (count == 0 || (count < 0 && errno != EAGAIN)) {
    close(fd);
    return;
  }
  for (ssize_t sent = 0; sent < count;) {
    ssize_t taken = send(fd, buffer + sent, count - sent, MSG_NOSIGNAL);
    if (taken > 0) sent += taken;
    else if (errno != EAGAIN) return;  // while it cannot be sent, the yardstick simply tries again
  }
}

static long long used(void) {
  struct timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void waste(int percent) {
  static long long last;
  long long now = used(), end = now + (now - last) * percent / 100;
  while (now < end) now = used();
  last = now;
}

int main(int argc, char **argv) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  int listener = listen_on(argc > 1 ? atoi(argv[1]) : 52000), epoll = epoll_create1(0);
  struct epoll_event events[EVENTS], event = {.events = EPOLLIN, .data.fd = listener};
  epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    int count = epoll_wait(epoll, events, EVENTS, -1);
    if (argc > 2) waste(atoi(argv[2]));  // before the replies: after them it would save waits for the next messages
    for (int i = 0; i < count; i++) {
      if (events[i].data.fd == listener) accept_all(epoll, listener);
      else echo(events[i].data.fd);
    }
  }
}
