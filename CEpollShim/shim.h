// What Swift's Glibc module does not offer, or offers in awkward types: epoll, eventfd, signalfd.
//
// Every function returns the call's result or -errno, because ARC traffic can change errno before
// Swift reads it. No policy here: no loops, no state, no allocation. See the manual pages, section 2.
#ifndef THRONG_EPOLL_SHIM_H
#define THRONG_EPOLL_SHIM_H

// Not _GNU_SOURCE: the C library's types would differ from those of Swift's own C modules, which are
// made without it, and the compiler refuses to mix them.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <malloc.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <locale.h>
#include <wchar.h>

#ifndef _GNU_SOURCE
int wcwidth(wchar_t character);
int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags);
int pipe2(int ends[2], int flags);
#endif

#define SHIM_RESULT(call) \
  ({ __typeof__(call) shim_result = (call); shim_result < 0 ? -errno : shim_result; })

static const uint32_t SHIM_EPOLLIN = EPOLLIN;
static const uint32_t SHIM_EPOLLOUT = EPOLLOUT;
static const uint32_t SHIM_EPOLLRDHUP = EPOLLRDHUP;
static const uint32_t SHIM_EPOLLHUP = EPOLLHUP;
static const uint32_t SHIM_EPOLLERR = EPOLLERR;
static const uint32_t SHIM_EPOLLONESHOT = EPOLLONESHOT;
static const uint32_t SHIM_EPOLLET = EPOLLET;
static const uint32_t SHIM_EPOLLEXCLUSIVE = EPOLLEXCLUSIVE;

// Since Linux 4.2; the same number on every architecture.
static const int SHIM_IP_BIND_ADDRESS_NO_PORT = 24;

// Since Linux 5.11; system calls from this time on have one number on every architecture.
#define SHIM_SYS_EPOLL_PWAIT2 441

typedef struct epoll_event shim_event;

// --- epoll(7), eventfd(2), signalfd(2) ---

static inline int shim_epoll_create(void) { return SHIM_RESULT(epoll_create1(EPOLL_CLOEXEC)); }

static inline int shim_epoll_add(int epoll, int fd, uint32_t events, uint64_t token) {
  struct epoll_event event = {.events = events, .data = {.u64 = token}};
  return SHIM_RESULT(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
}

static inline int shim_epoll_modify(int epoll, int fd, uint32_t events, uint64_t token) {
  struct epoll_event event = {.events = events, .data = {.u64 = token}};
  return SHIM_RESULT(epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event));
}

static inline int shim_epoll_delete(int epoll, int fd) {
  return SHIM_RESULT(epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL));
}

// Every message makes these calls: this one, shim_recv and shim_send. The C library's functions are
// cancellation points (pthreads(7)), which in a process with more than one thread costs two locked
// instructions and about forty others each; syscall(2) is none, and no thread here is ever cancelled.
static inline int shim_epoll_wait(int epoll, shim_event *events, int capacity, int milliseconds) {
#ifdef SYS_epoll_wait
  return (int)SHIM_RESULT(syscall(SYS_epoll_wait, epoll, events, capacity, milliseconds));
#else
  return (int)SHIM_RESULT(
    syscall(SYS_epoll_pwait, epoll, events, capacity, milliseconds, NULL, (size_t)8));
#endif
}

// epoll_pwait2(2), which older C libraries do not offer.
static inline int shim_epoll_wait_nanoseconds(
    int epoll, shim_event *events, int capacity, uint64_t nanoseconds) {
  struct timespec time = {
    .tv_sec = (time_t)(nanoseconds / 1000000000u), .tv_nsec = (long)(nanoseconds % 1000000000u)};
  return (int)SHIM_RESULT(
    syscall(SHIM_SYS_EPOLL_PWAIT2, epoll, events, capacity, &time, NULL, (size_t)8));
}

// The kernel's struct is packed on x86-64, so Swift reads its fields through these.
static inline uint32_t shim_event_flags(const shim_event *event) { return event->events; }
static inline uint64_t shim_event_token(const shim_event *event) { return event->data.u64; }

static inline int shim_eventfd(void) { return SHIM_RESULT(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); }

static inline ssize_t shim_eventfd_signal(int fd) {
  uint64_t one = 1;
  return SHIM_RESULT(write(fd, &one, sizeof one));
}

static inline ssize_t shim_eventfd_clear(int fd) {
  uint64_t count;
  return SHIM_RESULT(read(fd, &count, sizeof count));
}

static inline int shim_signalfd(const sigset_t *set) {
  return SHIM_RESULT(signalfd(-1, set, SFD_CLOEXEC | SFD_NONBLOCK));
}

// The number of the next pending signal, or -errno.
static inline int shim_signalfd_read(int fd) {
  struct signalfd_siginfo info;
  ssize_t count = read(fd, &info, sizeof info);
  return count < 0 ? -errno : (int)info.ssi_signo;
}

// --- processes ---

// Since Linux 5.3. Readable when the process has ended (pidfd_open(2)).
#define SHIM_SYS_PIDFD_OPEN 434

static inline int shim_pidfd_open(pid_t pid) {
  return (int)SHIM_RESULT(syscall(SHIM_SYS_PIDFD_OPEN, pid, 0));
}

// The status of a child that has ended, which this forgets; -EAGAIN while it runs (waitpid(2)).
static inline int shim_reap(pid_t pid) {
  int status;
  pid_t result = waitpid(pid, &status, WNOHANG);
  if (result == 0) return -EAGAIN;
  return result < 0 ? -errno : status;
}

// Whether a process group has a member, be it one that has only not been waited for. Its members whose
// parents have ended are children of this process when it is process 1, or a subreaper (prctl(2)): those that
// have ended are forgotten.
static inline int shim_group_exists(pid_t group) {
  while (waitpid(-group, NULL, WNOHANG) > 0) {}
  return kill(-group, 0) == 0 || errno == EPERM;
}

static inline int shim_duplicate(int fd) { return SHIM_RESULT(fcntl(fd, F_DUPFD_CLOEXEC, 3)); }

// Closed on exec from the start: another thread may be starting a program.
static inline int shim_pipe(int ends[2]) { return SHIM_RESULT(pipe2(ends, O_CLOEXEC)); }

// Descendants whose parents have ended become children of this process (prctl(2)).
static inline void shim_adopt_descendants(void) { prctl(PR_SET_CHILD_SUBREAPER, 1UL, 0UL, 0UL, 0UL); }

// --- the Swift runtime ---

// The task that runs on the calling thread, or NULL. Compiled code calls this function of the runtime, so
// its name and its calling convention are part of the ABI.
__attribute__((swiftcall)) const void *swift_task_getCurrent(void);

static inline const void *shim_current_task(void) { return swift_task_getCurrent(); }

// --- sockets ---

// The same for a thread as long as it lives, and different for threads that live at the same time: where
// its thread-local storage is. One instruction, where pthread_self(3) is a call.
static inline uintptr_t shim_thread_id(void) { return (uintptr_t)__builtin_thread_pointer(); }

// As ps(1) and top(1) show the calling thread: at most 15 bytes (PR_SET_NAME, prctl(2)).
static inline int shim_name_thread(const char *name) { return SHIM_RESULT(prctl(PR_SET_NAME, name)); }

static inline int shim_socket(int family, int flags) {
  return SHIM_RESULT(socket(family, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
}

static inline int shim_datagram_socket(int family, int flags) {
  return SHIM_RESULT(socket(family, SOCK_DGRAM | flags, 0));
}

static inline int shim_bind(int fd, const struct sockaddr_storage *address, socklen_t length) {
  return SHIM_RESULT(bind(fd, (const struct sockaddr *)address, length));
}

static inline int shim_connect(int fd, const struct sockaddr_storage *address, socklen_t length) {
  return SHIM_RESULT(connect(fd, (const struct sockaddr *)address, length));
}

static inline int shim_listen(int fd, int backlog) { return SHIM_RESULT(listen(fd, backlog)); }

static inline int shim_accept(int fd, struct sockaddr_storage *address, socklen_t *length, int flags) {
  return SHIM_RESULT(accept4(fd, (struct sockaddr *)address, length, SOCK_CLOEXEC | flags));
}

static inline int shim_getsockname(int fd, struct sockaddr_storage *address, socklen_t *length) {
  return SHIM_RESULT(getsockname(fd, (struct sockaddr *)address, length));
}

static inline int shim_getpeername(int fd, struct sockaddr_storage *address, socklen_t *length) {
  return SHIM_RESULT(getpeername(fd, (struct sockaddr *)address, length));
}

static inline ssize_t shim_recv(int fd, void *bytes, size_t count, int flags) {
  return SHIM_RESULT(syscall(SYS_recvfrom, fd, bytes, count, flags, NULL, NULL));
}

static inline ssize_t shim_send(int fd, const void *bytes, size_t count, int flags) {
  return SHIM_RESULT(syscall(SYS_sendto, fd, bytes, count, flags | MSG_NOSIGNAL, NULL, 0));
}

static inline ssize_t shim_send_vector(int fd, struct iovec *vector, size_t count, int flags) {
  struct msghdr message = {.msg_iov = vector, .msg_iovlen = count};
  return SHIM_RESULT(sendmsg(fd, &message, flags | MSG_NOSIGNAL));
}

// One datagram to a Unix socket; the address is a path, or a name after a zero byte (unix(7)).
static inline ssize_t shim_send_datagram(
  int fd, const void *bytes, size_t count, const struct sockaddr_storage *address, socklen_t length) {
  return SHIM_RESULT(
    sendto(fd, bytes, count, MSG_NOSIGNAL, (const struct sockaddr *)address, length));
}

static inline const char *shim_ipv6_text(const struct in6_addr *address, char *text, socklen_t size) {
  return inet_ntop(AF_INET6, address, text, size);
}

static inline int shim_shutdown(int fd, int how) { return SHIM_RESULT(shutdown(fd, how)); }

static inline int shim_close(int fd) { return SHIM_RESULT(close(fd)); }

static inline int shim_set_option(int fd, int level, int option, int value) {
  return SHIM_RESULT(setsockopt(fd, level, option, &value, sizeof value));
}

static inline int shim_get_option(int fd, int level, int option, int *value) {
  socklen_t length = sizeof *value;
  return SHIM_RESULT(getsockopt(fd, level, option, value, &length));
}

// Connections in the accept queue of a listening TCP socket (TCP_INFO, tcp(7)).
static inline int shim_accept_queue_length(int fd) {
  struct tcp_info info = {0};
  socklen_t length = sizeof info;
  return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) < 0 ? -errno : (int)info.tcpi_unacked;
}

// Bytes that a connection has received in its life, read or not, the FIN as one (RFC 4898,
// tcpEStatsAppHCThruOctetsReceived), at most INT64_MAX. The C library's tcp_info may end before it.
static inline int64_t shim_tcp_bytes_received(int fd) {
  enum { BYTES_RECEIVED = 16 };
  uint64_t info[BYTES_RECEIVED + 1];
  socklen_t length = sizeof info;
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &length) < 0) return -errno;
  if (length < sizeof info) return -ENOPROTOOPT;
  return (int64_t)(info[BYTES_RECEIVED] & INT64_MAX);
}

// Milliseconds since the peer last acknowledged something: for a connection that was just accepted, since
// its handshake or its first data (TCP_INFO, tcp(7)).
static inline int shim_acknowledgement_age(int fd) {
  struct tcp_info info = {0};
  socklen_t length = sizeof info;
  return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) < 0
    ? -errno : (int)info.tcpi_last_ack_recv;
}

// SO_LINGER with a time of 0: the next close sends RST (socket(7)).
static inline int shim_set_reset_on_close(int fd) {
  struct linger linger = {.l_onoff = 1, .l_linger = 0};
  return SHIM_RESULT(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger));
}

static inline int shim_set_timeout(int fd, int option, int64_t nanoseconds) {
  struct timeval time = {
    .tv_sec = nanoseconds / 1000000000, .tv_usec = nanoseconds % 1000000000 / 1000};
  return SHIM_RESULT(setsockopt(fd, SOL_SOCKET, option, &time, sizeof time));
}

// Has the kernel drop the segments that begin a handshake, SYN without ACK; what completes one passes
// (SO_ATTACH_FILTER, socket(7)). Accepted sockets inherit the filter, which then has no effect.
static inline int shim_drop_new_handshakes(int fd) {
  struct sock_filter code[] = {
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 13),  // the flags of the TCP header
    BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x12),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x02, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, 0),
    BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
  };
  struct sock_fprog program = {.len = sizeof code / sizeof code[0], .filter = code};
  return SHIM_RESULT(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program));
}

static inline int shim_close_on_exec(int fd) { return SHIM_RESULT(fcntl(fd, F_SETFD, FD_CLOEXEC)); }

static inline int shim_set_nonblocking(int fd, int on) {
  return SHIM_RESULT(ioctl(fd, FIONBIO, &on));
}

// Bytes received and not yet read (FIONREAD, tcp(7)).
static inline int shim_readable_count(int fd) {
  int count = 0;
  int result = ioctl(fd, FIONREAD, &count);
  return result < 0 ? -errno : count;
}

// Bytes sent that the peer has not acknowledged (SIOCOUTQ, tcp(7)).
static inline int shim_unacknowledged_count(int fd) {
  int count = 0;
  int result = ioctl(fd, TIOCOUTQ, &count);
  return result < 0 ? -errno : count;
}

// Waits until the descriptor can take something; 0 when the time is over.
static inline int shim_poll_writable(int fd, int milliseconds) {
  struct pollfd entry = {.fd = fd, .events = POLLOUT};
  return SHIM_RESULT(poll(&entry, 1, milliseconds));
}

// How many of the entries are ready (poll(2)).
static inline int shim_poll(struct pollfd *entries, size_t count, int milliseconds) {
  return SHIM_RESULT(poll(entries, count, milliseconds));
}

// Bit 0: the first is readable or at its end, bit 1: the second; 0 when the time is over.
// A negative descriptor is left out.
static inline int shim_poll_readable(int first, int second, int milliseconds) {
  struct pollfd entries[2] = {{.fd = first, .events = POLLIN}, {.fd = second, .events = POLLIN}};
  int result = poll(entries, 2, milliseconds);
  if (result < 0) return -errno;
  return (entries[0].revents != 0) | (entries[1].revents != 0) << 1;
}

// Whether the connection has an error to report, such as a reset by the peer.
static inline int shim_has_failed(int fd) {
  struct pollfd entry = {.fd = fd, .events = 0};
  return poll(&entry, 1, 0) == 1 && (entry.revents & POLLERR) != 0;
}

// The width of the terminal; 0 when it does not know (ioctl_tty(2)).
static inline int shim_terminal_columns(int fd) {
  struct winsize size = {0};
  int result = ioctl(fd, TIOCGWINSZ, &size);
  return result < 0 ? -errno : size.ws_col;
}

// Columns that a character takes on a terminal (wcwidth(3)), as far as the locale knows it; else -1.
static inline int shim_character_columns(uint32_t character, locale_t locale) {
  locale_t before = uselocale(locale);
  int columns = wcwidth((wchar_t)character);
  uselocale(before);
  return columns;
}

// --- memory ---

// Has the processor fetch what will be read and written soon, and goes on.
static inline void shim_prefetch(const void *memory, size_t size) {
  for (size_t offset = 0; offset < size; offset += 64)
    __builtin_prefetch((const char *)memory + offset, 1);
}

// The address space that the process may use in bytes, -1 without a limit (getrlimit(2)).
static inline int64_t shim_address_space_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_AS, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY) return -1;
  return limit.rlim_cur > INT64_MAX ? -1 : (int64_t)limit.rlim_cur;
}

// Whether so much address space can be had in one piece; it is given back at once.
static inline int shim_has_address_space(size_t size) {
  void *memory = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return memory != MAP_FAILED && munmap(memory, size) == 0;
}

// mallopt(3); only the C library of GNU has arenas.
static inline void shim_bound_arenas(int count) {
#ifdef M_ARENA_MAX
  mallopt(M_ARENA_MAX, count);
#endif
}

// A block that malloc(3) has mapped for itself is freed: from now on blocks of this size come from the heap,
// and its end goes back to the kernel above twice the size (M_MMAP_THRESHOLD, mallopt(3)).
static inline void shim_free_mapped_block(size_t size) {
  void *volatile block = malloc(size);
  free(block);
}

// --- files, time, limits ---

static inline ssize_t shim_read(int fd, void *bytes, size_t count) {
  return SHIM_RESULT(read(fd, bytes, count));
}

static inline ssize_t shim_write(int fd, const void *bytes, size_t count) {
  return SHIM_RESULT(write(fd, bytes, count));
}

static inline int shim_open(const char *path, int flags) { return SHIM_RESULT(open(path, flags)); }

// A file in memory, closed on exec (memfd_create(2)).
static inline int shim_memory_file(const char *name) {
  return SHIM_RESULT((int)syscall(SYS_memfd_create, name, 1U /* MFD_CLOEXEC */));
}

static inline int shim_set_mode(int fd, mode_t mode) { return SHIM_RESULT(fchmod(fd, mode)); }
static inline int shim_keep_on_exec(int fd) { return SHIM_RESULT(fcntl(fd, F_SETFD, 0)); }

// The kind of file, S_IFMT of its mode (inode(7)); 0 when the descriptor is closed.
static inline mode_t shim_file_type(int fd) {
  struct stat status;
  return fstat(fd, &status) == 0 ? status.st_mode & S_IFMT : 0;
}

static inline int shim_unlink(const char *path) { return SHIM_RESULT(unlink(path)); }

static inline int shim_chmod(const char *path, mode_t mode) { return SHIM_RESULT(chmod(path, mode)); }

// Non-zero when the path names a socket.
static inline int shim_is_socket(const char *path) {
  struct stat status;
  return stat(path, &status) == 0 && S_ISSOCK(status.st_mode);
}

typedef struct { uint64_t device, inode; } shim_file_identity;

// Of the file itself, not of what a symbolic link names (lstat(2)).
static inline int shim_identify_file(const char *path, shim_file_identity *identity) {
  struct stat status;
  if (lstat(path, &status) < 0) return -errno;
  *identity = (shim_file_identity){.device = status.st_dev, .inode = status.st_ino};
  return 0;
}

static inline uint64_t shim_monotonic_nanoseconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

// CPU time of a process, with the threads that have ended (clock_getcpuclockid(3)).
static inline int64_t shim_process_nanoseconds(pid_t pid) {
  clockid_t clock;
  struct timespec time;
  int error = clock_getcpuclockid(pid, &clock);
  if (error != 0) return -error;
  if (clock_gettime(clock, &time) < 0) return -errno;
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

// CPU time of this process and of the children that it has waited for (getrusage(2)).
static inline int64_t shim_used_nanoseconds(void) {
  struct rusage own, children;
  getrusage(RUSAGE_SELF, &own);
  getrusage(RUSAGE_CHILDREN, &children);
  int64_t seconds = own.ru_utime.tv_sec + own.ru_stime.tv_sec + children.ru_utime.tv_sec +
                    children.ru_stime.tv_sec;
  int64_t microseconds = own.ru_utime.tv_usec + own.ru_stime.tv_usec + children.ru_utime.tv_usec +
                         children.ru_stime.tv_usec;
  return seconds * 1000000000 + microseconds * 1000;
}

// CPU time of the calling thread.
static inline uint64_t shim_thread_nanoseconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

// Timers of the calling thread fire as soon as they can, not up to 50 us late (prctl(2)).
static inline void shim_use_precise_timers(void) { prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL); }

// The processors that the calling thread and its children may use, a bit each (sched_setaffinity(2)).
static inline int shim_set_affinity(const uint64_t *mask, size_t size) {
  return SHIM_RESULT(sched_setaffinity(0, size, (const cpu_set_t *)mask));
}

static inline int shim_get_affinity(uint64_t *mask, size_t size) {
  return SHIM_RESULT(sched_getaffinity(0, size, (cpu_set_t *)mask));
}

static inline uint64_t shim_coarse_nanoseconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

// Raises the soft limit of open descriptors to the hard one; the limit in force (getrlimit(2)).
static inline int64_t shim_raise_descriptor_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
  limit.rlim_cur = limit.rlim_max;
  return setrlimit(RLIMIT_NOFILE, &limit) < 0 ? -errno : (int64_t)limit.rlim_cur;
}

// Processes and threads that the user may have, -1 without a limit (getrlimit(2)).
static inline int64_t shim_process_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NPROC, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY) return -1;
  return (int64_t)limit.rlim_cur;
}

static inline void shim_block_signals(const sigset_t *set, sigset_t *before) {
  pthread_sigmask(SIG_BLOCK, set, before);
}

static inline void shim_restore_signals(const sigset_t *before) {
  pthread_sigmask(SIG_SETMASK, before, NULL);
}

static inline int shim_ignores_signal(int signal) {
  struct sigaction action;
  return sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

static inline void shim_ignore_broken_pipes(void) { signal(SIGPIPE, SIG_IGN); }

#endif
