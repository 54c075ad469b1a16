/* System calls that fail, and a death at a given one, under the daemon by LD_PRELOAD.
 *
 * The file that FAULTS names is shared with the test, which changes it at any time; faults.py has the same layout. For each
 * call and kind of descriptor it says how often the call fails, and how: with an errno, by doing half of its work, by the
 * daemon's death, by taking five seconds, or by EIO after these. Which of them is drawn from a seed and the number of the call. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum call { OPEN, READ, READ_AT, WRITE, SYNC, TRUNCATE, MAP, SOCKET, CONNECT, ACCEPT, SEND, RECEIVE, WAIT, WATCH, POLL, IOCTL, SET_LINE,
            RENAME, UNLINK,
            MAKE_DIRECTORY, ALLOCATE, LOCK, CLOSE, CALLS };
enum kind { FILES, LINES, NEAR, FAR, EVENTS, KINDS };
enum { DEATH = -2, DELAY = -3, FAILURE = -4 };

static struct {
    uint32_t seed, kill_at, calls, reserved;
    struct { uint32_t one_in; int32_t how; uint32_t failed, spared; } rules[CALLS][KINDS];
} *shared;

__attribute__((constructor)) static void begin(void) {
    char const *name = getenv("FAULTS");
    int file = name ? syscall(SYS_openat, AT_FDCWD, name, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *memory = (void *)syscall(SYS_mmap, NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    syscall(SYS_close, file);
    if (memory != MAP_FAILED) shared = memory;
}

static enum kind kind_of(int descriptor) {
    struct stat facts;
    int domain = AF_UNIX;
    socklen_t length = sizeof domain;
    if (syscall(SYS_newfstatat, descriptor, "", &facts, AT_EMPTY_PATH) != 0) return FILES;
    /* Signals, bells and watches have no type. Reading them does not fail. */
    if ((facts.st_mode & S_IFMT) == 0) return EVENTS;
    if (S_ISCHR(facts.st_mode)) return LINES;
    if (!S_ISSOCK(facts.st_mode)) return FILES;
    getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &length);
    return domain == AF_INET || domain == AF_INET6 ? FAR : NEAR;
}

/* 0: it is done as it should be. Greater: it fails with this errno. Less: only half of it is done. */
static int fate(enum call call, enum kind kind) {
    if (!shared) return 0;
    uint32_t number = __atomic_add_fetch(&shared->calls, 1, __ATOMIC_RELAXED);
    if (shared->kill_at && number >= shared->kill_at) syscall(SYS_kill, getpid(), SIGKILL);
    __typeof__(shared->rules[0][0]) *rule = &shared->rules[call][kind];
    uint32_t one_in = rule->one_in;
    if (one_in == 0) return 0;
    uint64_t drawn = (number + ((uint64_t)shared->seed << 32)) * 0x9E3779B97F4A7C15u;
    drawn = (drawn ^ drawn >> 29) * 0xBF58476D1CE4E5B9u;
    /* What is called only twice or thrice must fail too. */
    int is_due = rule->failed == 0 && rule->spared + 1 >= one_in;
    if ((drawn ^ drawn >> 32) % one_in != 0 && !is_due) {
        __atomic_add_fetch(&rule->spared, 1, __ATOMIC_RELAXED);
        return 0;
    }
    __atomic_add_fetch(&rule->failed, 1, __ATOMIC_RELAXED);
    if (rule->how == DEATH) syscall(SYS_kill, getpid(), SIGKILL);
    int how = rule->how;
    if (how != DELAY && how != FAILURE) return how;
    nanosleep(&(struct timespec){5, 0}, NULL);
    return how == FAILURE ? EIO : 0;
}

/* The next in line: another library under the daemon, or libc. */
#define NEXT(name) (__typeof__(&name))dlsym(RTLD_NEXT, #name)
#define FAIL(call, kind, failure) \
    int fate_ = fate(call, kind); \
    if (fate_ > 0) { errno = fate_; return failure; }
#define HALF(count) (fate_ < 0 && (count) > 1 ? (count) / 2 : (count))

#define OPENING(name) \
    int name(char const *path, int flags, ...) { \
        va_list more; \
        va_start(more, flags); \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0; \
        va_end(more); \
        FAIL(OPEN, flags & O_NOCTTY ? LINES : FILES, -1) \
        return (NEXT(name))(path, flags, mode); \
    }
OPENING(open)
OPENING(open64)

ssize_t read(int descriptor, void *bytes, size_t count) {
    FAIL(READ, kind_of(descriptor), -1)
    return (NEXT(read))(descriptor, bytes, HALF(count));
}
#define PREAD(name) \
    ssize_t name(int descriptor, void *bytes, size_t count, off_t offset) { \
        FAIL(READ_AT, FILES, -1) \
        return (NEXT(name))(descriptor, bytes, HALF(count), offset); \
    }
PREAD(pread)
PREAD(pread64)
ssize_t write(int descriptor, void const *bytes, size_t count) {
    /* What it says is how a test knows what it thinks. */
    if (descriptor == 2) return syscall(SYS_write, descriptor, bytes, count);
    FAIL(WRITE, kind_of(descriptor), -1)
    return (NEXT(write))(descriptor, bytes, HALF(count));
}
#define PWRITE(name) \
    ssize_t name(int descriptor, void const *bytes, size_t count, off_t offset) { \
        FAIL(WRITE, FILES, -1) \
        return (NEXT(name))(descriptor, bytes, HALF(count), offset); \
    }
PWRITE(pwrite)
PWRITE(pwrite64)

#define WITH(name, call, kind, parameters, arguments) \
    int name parameters { FAIL(call, kind, -1) return (NEXT(name)) arguments; }
WITH(fsync, SYNC, FILES, (int file), (file))
WITH(fdatasync, SYNC, FILES, (int file), (file))
WITH(ftruncate, TRUNCATE, FILES, (int file, off_t length), (file, length))
WITH(ftruncate64, TRUNCATE, FILES, (int file, off64_t length), (file, length))
WITH(socket, SOCKET, domain == AF_UNIX ? NEAR : FAR, (int domain, int type, int protocol), (domain, type, protocol))
WITH(connect, CONNECT, kind_of(s), (int s, struct sockaddr const *to, socklen_t length), (s, to, length))
WITH(accept4, ACCEPT, NEAR, (int s, struct sockaddr *from, socklen_t *length, int flags), (s, from, length, flags))
WITH(epoll_wait, WAIT, FILES, (int e, struct epoll_event *events, int count, int time), (e, events, count, time))
WITH(poll, POLL, FILES, (struct pollfd *all, nfds_t count, int time), (all, count, time))
WITH(tcsetattr, SET_LINE, LINES, (int line, int when, struct termios const *how), (line, when, how))
WITH(rename, RENAME, FILES, (char const *old, char const *new), (old, new))
WITH(unlink, UNLINK, FILES, (char const *path), (path))
WITH(mkdir, MAKE_DIRECTORY, FILES, (char const *path, mode_t mode), (path, mode))
WITH(flock, LOCK, kind_of(file), (int file, int how), (file, how))

/* A pty keeps what its reader leaves unread; the kernel's serial lines throw it away, and so does one here that is told to. */
int close(int descriptor) {
    if (shared && shared->rules[CLOSE][LINES].one_in && kind_of(descriptor) == LINES)
        tcflush(descriptor, TCIFLUSH);
    return (NEXT(close))(descriptor);
}

/* To take something off never needs room. */
int epoll_ctl(int epoll, int what, int descriptor, struct epoll_event *event) {
    if (what != EPOLL_CTL_DEL) { FAIL(WATCH, kind_of(descriptor), -1) }
    return (NEXT(epoll_ctl))(epoll, what, descriptor, event);
}

/* Says what is wrong instead of setting errno. */
int posix_fallocate(int file, off_t offset, off_t length) {
    int failure = fate(ALLOCATE, FILES);
    return failure > 0 ? failure : (NEXT(posix_fallocate))(file, offset, length);
}

int ioctl(int descriptor, unsigned long request, ...) {
    va_list more;
    va_start(more, request);
    void *argument = va_arg(more, void *);
    va_end(more);
    FAIL(IOCTL, kind_of(descriptor), -1)
    return (NEXT(ioctl))(descriptor, request, argument);
}

void *mmap64(void *where, size_t length, int protection, int flags, int file, off64_t offset) {
    if (file >= 0) { FAIL(MAP, FILES, MAP_FAILED) }
    return (NEXT(mmap64))(where, length, protection, flags, file, offset);
}

/* A packet is sent and heard whole: half is for streams alone. */
ssize_t send(int s, void const *bytes, size_t count, int flags) {
    enum kind kind = kind_of(s);
    FAIL(SEND, kind, -1)
    return (NEXT(send))(s, bytes, kind == FAR ? HALF(count) : count, flags);
}
ssize_t recv(int s, void *bytes, size_t count, int flags) {
    enum kind kind = kind_of(s);
    FAIL(RECEIVE, kind, -1)
    return (NEXT(recv))(s, bytes, kind == FAR ? HALF(count) : count, flags);
}
