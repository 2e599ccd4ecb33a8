// Makes calls of the C library fail, for a program that is started with this library in LD_PRELOAD.
//
// THRONG_FAULTS names what fails: `call=ERROR/when`, several separated by commas.
//   call:  the function; epoll_ctl_add, epoll_ctl_mod, epoll_ctl_del and epoll_pwait2 apart;
//          read and write of an eventfd only, as eventfd_read and eventfd_write.
//   ERROR: the name of an errno; SHORT transfers one byte instead (recv, send, sendmsg); HOLD makes
//          the call and returns only once the faults are turned off (recv_return).
//   when:  every:N (each Nth call), nth:N (that call alone), from:N (that one and all later ones),
//          chance:P (P calls of 100, drawn from THRONG_FAULT_SEED and the number of the call).
//
// THRONG_FAULT_BOARD is a file of 64-bit words that the test shares with the program: word 0 is 1 while
// faults happen; words 1 + 2i and 2 + 2i count the calls and the faults of rule i meanwhile.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SHORT = -1, HOLD = -2, MAX_RULES = 8, MAX_DESCRIPTORS = 65536, NUMBER_OF_EPOLL_PWAIT2 = 441 };

struct rule {
  char call[24], kind[8];
  int error;
  unsigned long number;
};

static struct rule rules[MAX_RULES];
static int rule_count;
static uint64_t seed;
static _Atomic uint64_t *board;
static atomic_bool is_eventfd[MAX_DESCRIPTORS];

static const struct { const char *name; int value; } errors[] = {
  {"SHORT", SHORT}, {"HOLD", HOLD}, {"EPERM", EPERM}, {"ENOENT", ENOENT}, {"EINTR", EINTR}, {"EIO", EIO},
  {"EBADF", EBADF}, {"EAGAIN", EAGAIN}, {"ENOMEM", ENOMEM}, {"EACCES", EACCES}, {"EFAULT", EFAULT},
  {"EEXIST", EEXIST}, {"ENODEV", ENODEV}, {"EINVAL", EINVAL}, {"ENFILE", ENFILE},
  {"EMFILE", EMFILE}, {"ENOTTY", ENOTTY}, {"ENOSPC", ENOSPC}, {"EPIPE", EPIPE}, {"EDOM", EDOM},
  {"ENOSYS", ENOSYS}, {"EPROTO", EPROTO}, {"ENOTSOCK", ENOTSOCK}, {"EMSGSIZE", EMSGSIZE},
  {"ENOPROTOOPT", ENOPROTOOPT}, {"EOPNOTSUPP", EOPNOTSUPP}, {"EAFNOSUPPORT", EAFNOSUPPORT},
  {"EADDRINUSE", EADDRINUSE}, {"EADDRNOTAVAIL", EADDRNOTAVAIL}, {"ENETDOWN", ENETDOWN},
  {"ENETUNREACH", ENETUNREACH}, {"ECONNABORTED", ECONNABORTED}, {"ECONNRESET", ECONNRESET},
  {"ENOBUFS", ENOBUFS}, {"ENOTCONN", ENOTCONN}, {"ETIMEDOUT", ETIMEDOUT},
  {"ECONNREFUSED", ECONNREFUSED}, {"EHOSTUNREACH", EHOSTUNREACH},
};

static void give_up(const char *what) {
  fprintf(stderr, "faults.c: %s\n", what);
  _exit(99);
}

static int error_named(const char *name) {
  for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
    if (strcmp(errors[i].name, name) == 0) return errors[i].value;
  give_up(name);
  return 0;
}

__attribute__((constructor)) static void start(void) {
  const char *text = getenv("THRONG_FAULTS"), *path = getenv("THRONG_FAULT_BOARD");
  if (!text || !path) give_up("THRONG_FAULTS or THRONG_FAULT_BOARD is missing");
  const char *given = getenv("THRONG_FAULT_SEED");
  seed = given ? strtoull(given, NULL, 10) : 0;
  char *copy = strdup(text), *rest = copy;
  for (char *item; (item = strsep(&rest, ",")) != NULL;) {
    char error[24];
    struct rule *rule = &rules[rule_count++];
    if (rule_count > MAX_RULES || sscanf(item, "%23[^=]=%23[^/]/%7[^:]:%lu", rule->call, error,
                                         rule->kind, &rule->number) != 4)
      give_up(item);
    rule->error = error_named(error);
  }
  free(copy);
  int file = open(path, O_RDWR | O_CLOEXEC);
  board = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (file < 0 || board == MAP_FAILED) give_up(path);
  close(file);
}

static uint64_t mixed(uint64_t x) {
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
  x = (x ^ x >> 27) * 0x94d049bb133111ebu;
  return x ^ x >> 31;
}

static int is_due(const struct rule *rule, uint64_t call) {
  switch (rule->kind[0]) {
  case 'e': return call % rule->number == 0;
  case 'n': return call == rule->number;
  case 'f': return call >= rule->number;
  default: return mixed(seed + call * 0x9e3779b97f4a7c15u) % 100 < rule->number;
  }
}

// The errno with which this call fails, or 0.
static int fault(const char *call) {
  if (!board || !board[0]) return 0;
  for (int i = 0; i < rule_count; i++) {
    if (strcmp(rules[i].call, call) != 0) continue;
    if (!is_due(&rules[i], ++board[1 + 2 * i])) continue;
    board[2 + 2 * i]++;
    return rules[i].error;
  }
  return 0;
}

#define REAL(name) \
  ({ \
    static __typeof__(&name) real; \
    if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name); \
    real; \
  })

#define FAIL_IF_DUE(call) \
  do { \
    int error = fault(call); \
    if (error) { \
      errno = error; \
      return -1; \
    } \
  } while (0)

// A call with its parameters that fails without having been made, or is made.
#define WRAP(result, name, parameters, arguments) \
  result name parameters { \
    FAIL_IF_DUE(#name); \
    return REAL(name) arguments; \
  }

WRAP(int, accept4, (int fd, struct sockaddr *a, socklen_t *n, int flags), (fd, a, n, flags))
WRAP(int, socket, (int domain, int type, int protocol), (domain, type, protocol))
WRAP(int, bind, (int fd, const struct sockaddr *a, socklen_t n), (fd, a, n))
WRAP(int, listen, (int fd, int backlog), (fd, backlog))
WRAP(int, connect, (int fd, const struct sockaddr *a, socklen_t n), (fd, a, n))
WRAP(int, shutdown, (int fd, int how), (fd, how))
WRAP(int, getsockname, (int fd, struct sockaddr *a, socklen_t *n), (fd, a, n))
WRAP(int, setsockopt, (int fd, int level, int option, const void *v, socklen_t n),
     (fd, level, option, v, n))
WRAP(int, getsockopt, (int fd, int level, int option, void *v, socklen_t *n),
     (fd, level, option, v, n))
WRAP(int, epoll_create1, (int flags), (flags))
WRAP(int, epoll_wait, (int fd, struct epoll_event *e, int n, int time), (fd, e, n, time))
WRAP(int, poll, (struct pollfd *entries, nfds_t n, int time), (entries, n, time))
WRAP(int, signalfd, (int fd, const sigset_t *set, int flags), (fd, set, flags))

int epoll_ctl(int fd, int operation, int other, struct epoll_event *event) {
  FAIL_IF_DUE(operation == EPOLL_CTL_ADD   ? "epoll_ctl_add"
              : operation == EPOLL_CTL_MOD ? "epoll_ctl_mod"
                                           : "epoll_ctl_del");
  return REAL(epoll_ctl)(fd, operation, other, event);
}

int eventfd(unsigned int count, int flags) {
  FAIL_IF_DUE("eventfd");
  int fd = REAL(eventfd)(count, flags);
  if (fd >= 0 && fd < MAX_DESCRIPTORS) is_eventfd[fd] = 1;
  return fd;
}

// The descriptor is gone, whatever close(2) says.
int close(int fd) {
  if (fd >= 0 && fd < MAX_DESCRIPTORS) is_eventfd[fd] = 0;
  int result = REAL(close)(fd);
  FAIL_IF_DUE("close");
  return result;
}

ssize_t read(int fd, void *bytes, size_t count) {
  if (fd >= 0 && fd < MAX_DESCRIPTORS && is_eventfd[fd]) FAIL_IF_DUE("eventfd_read");
  return REAL(read)(fd, bytes, count);
}

ssize_t write(int fd, const void *bytes, size_t count) {
  if (fd >= 0 && fd < MAX_DESCRIPTORS && is_eventfd[fd]) FAIL_IF_DUE("eventfd_write");
  return REAL(write)(fd, bytes, count);
}

#define FAIL_OR_SHORTEN(call, count) \
  do { \
    int error = fault(call); \
    if (error == SHORT) { \
      if (count > 1) count = 1; \
    } else if (error) { \
      errno = error; \
      return -1; \
    } \
  } while (0)

ssize_t recv(int fd, void *bytes, size_t count, int flags) {
  FAIL_OR_SHORTEN("recv", count);
  return REAL(recv)(fd, bytes, count, flags);
}

ssize_t send(int fd, const void *bytes, size_t count, int flags) {
  FAIL_OR_SHORTEN("send", count);
  return REAL(send)(fd, bytes, count, flags);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
  struct msghdr copy = *message;
  struct iovec first = copy.msg_iov[0];
  size_t count = 2;
  FAIL_OR_SHORTEN("sendmsg", count);
  if (count == 1) {
    first.iov_len = first.iov_len > 0;
    copy.msg_iov = &first;
    copy.msg_iovlen = 1;
  }
  return REAL(sendmsg)(fd, &copy, flags);
}

int ioctl(int fd, unsigned long request, ...) {
  va_list list;
  va_start(list, request);
  void *argument = va_arg(list, void *);
  va_end(list);
  FAIL_IF_DUE("ioctl");
  return REAL(ioctl)(fd, request, argument);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*body)(void *), void *v) {
  int error = fault("pthread_create");
  return error ? error : REAL(pthread_create)(thread, attributes, body, v);
}

// Calls that do not go through their own function; syscall(2) is no cancellation point.
long syscall(long number, ...) {
  long a[6];
  va_list list;
  va_start(list, number);
  for (int i = 0; i < 6; i++) a[i] = va_arg(list, long);
  va_end(list);
  int is_held = 0;
  switch (number) {
  case SYS_recvfrom:
    FAIL_OR_SHORTEN("recv", a[2]);
    is_held = fault("recv_return") == HOLD;
    break;
  case SYS_sendto: FAIL_OR_SHORTEN("send", a[2]); break;
#ifdef SYS_epoll_wait
  case SYS_epoll_wait:
#endif
  case SYS_epoll_pwait: FAIL_IF_DUE("epoll_wait"); break;
  case NUMBER_OF_EPOLL_PWAIT2: FAIL_IF_DUE("epoll_pwait2"); break;
  }
  long result = REAL(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
  while (is_held && board[0]) usleep(1000);
  return result;
}
