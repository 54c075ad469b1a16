/* What the daemon does to its state directory, in order, under the daemon by LD_PRELOAD: what a power cut may undo.
 *
 * DISK_ROOT is the directory, DISK_LOG the file that everything is appended to: a header of 24 bytes, then so many bytes. A
 * write stands before it is done, so that it may be cut off half way; a sync stands after it is done. Beside these stand
 * what devices said and when the daemon confirmed it, from any packet that begins as ATT's do. power.py reads it.
 *
 * While there is a file DISK_SICK, each sync fails, as Linux does it: what was to be written can still be read, passes for
 * written, and is on no disk until somebody writes it again. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

struct header {
    uint32_t what;
    int32_t descriptor;
    int64_t offset;
    uint32_t length, more;
};

enum what { OPENED = 1, CREATED, CLOSED, WRITTEN, TRUNCATED, SYNCED, RENAMED, UNLINKED, DIRECTORY, HEARD, CONFIRMED, FORGOTTEN };

static int record = -1;
static char const *root, *sick;
static size_t rootLength;
static char tracked[65536];

__attribute__((constructor)) static void begin(void) {
    char const *name = getenv("DISK_LOG");
    root = getenv("DISK_ROOT");
    sick = getenv("DISK_SICK");
    if (!name || !root) return;
    rootLength = strlen(root);
    record = syscall(SYS_openat, AT_FDCWD, name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

static void tell(enum what what, int descriptor, int64_t offset, void const *data, size_t length) {
    if (record < 0) return;
    int kept = errno;
    struct header header = {what, descriptor, offset, length, 0};
    struct iovec parts[] = {{&header, sizeof header}, {(void *)data, length}};
    syscall(SYS_writev, record, parts, 2);
    errno = kept;
}

/* The name within the directory; NULL for what lies elsewhere. "" is the directory itself. */
static char const *inside(char const *path) {
    if (record < 0 || strncmp(path, root, rootLength)) return NULL;
    if (path[rootLength] == '\0') return "";
    return path[rootLength] == '/' ? path + rootLength + 1 : NULL;
}

static int is_tracked(int descriptor) { return descriptor >= 0 && descriptor < (int)sizeof tracked && tracked[descriptor]; }

static int open_and_tell(char const *path, int flags, mode_t mode) {
    char const *name = inside(path);
    int is_new = name && (flags & O_CREAT) && syscall(SYS_faccessat, AT_FDCWD, path, F_OK) != 0;
    int descriptor = syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    if (!name || descriptor < 0 || descriptor >= (int)sizeof tracked) return descriptor;
    tracked[descriptor] = 1;
    tell(*name == '\0' ? DIRECTORY : is_new ? CREATED : OPENED, descriptor, 0, name, strlen(name));
    if (flags & O_TRUNC && !is_new) tell(TRUNCATED, descriptor, 0, NULL, 0);
    return descriptor;
}

#define OPEN(name) \
    int name(char const *path, int flags, ...) { \
        va_list more; \
        va_start(more, flags); \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0; \
        va_end(more); \
        return open_and_tell(path, flags, mode); \
    }
OPEN(open)
OPEN(open64)

int close(int descriptor) {
    if (is_tracked(descriptor)) {
        tracked[descriptor] = 0;
        tell(CLOSED, descriptor, 0, NULL, 0);
    }
    return syscall(SYS_close, descriptor);
}

ssize_t write(int descriptor, void const *bytes, size_t count) {
    if (is_tracked(descriptor)) {
        struct stat facts;
        int appends = fcntl(descriptor, F_GETFL) & O_APPEND && fstat(descriptor, &facts) == 0;
        tell(WRITTEN, descriptor, appends ? facts.st_size : lseek(descriptor, 0, SEEK_CUR), bytes, count);
    }
    return syscall(SYS_write, descriptor, bytes, count);
}

#define PWRITE(name) \
    ssize_t name(int descriptor, void const *bytes, size_t count, off_t offset) { \
        if (is_tracked(descriptor)) tell(WRITTEN, descriptor, offset, bytes, count); \
        return syscall(SYS_pwrite64, descriptor, bytes, count, offset); \
    }
PWRITE(pwrite)
PWRITE(pwrite64)

#define TRUNCATE(name) \
    int name(int descriptor, off_t length) { \
        if (is_tracked(descriptor)) tell(TRUNCATED, descriptor, length, NULL, 0); \
        return syscall(SYS_ftruncate, descriptor, length); \
    }
TRUNCATE(ftruncate)
TRUNCATE(ftruncate64)

#define SYNC(name, number) \
    int name(int descriptor) { \
        if (is_tracked(descriptor) && sick && syscall(SYS_faccessat, AT_FDCWD, sick, F_OK) == 0) { \
            tell(FORGOTTEN, descriptor, 0, NULL, 0); \
            errno = EIO; \
            return -1; \
        } \
        int result = syscall(number, descriptor); \
        if (result == 0 && is_tracked(descriptor)) tell(SYNCED, descriptor, 0, NULL, 0); \
        return result; \
    }
SYNC(fsync, SYS_fsync)
SYNC(fdatasync, SYS_fdatasync)

int rename(char const *old, char const *new) {
    char const *from = inside(old), *to = inside(new);
    if (from && to) {
        char names[1024];
        size_t length = strlen(from) + 1 + strlen(to);
        if (length < sizeof names) {
            strcpy(names, from);
            strcpy(names + strlen(from) + 1, to);
            tell(RENAMED, -1, 0, names, length);
        }
    }
    return syscall(SYS_renameat2, AT_FDCWD, old, AT_FDCWD, new, 0);
}

int unlink(char const *path) {
    char const *name = inside(path);
    if (name) tell(UNLINKED, -1, 0, name, strlen(name));
    return syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

/* ATT's Handle Value Indication is 1D, handle, value; its confirmation is 1E alone. */
ssize_t recv(int descriptor, void *bytes, size_t count, int flags) {
    ssize_t got = syscall(SYS_recvfrom, descriptor, bytes, count, flags, NULL, NULL);
    if (got > 3 && *(unsigned char *)bytes == 0x1D && !(flags & MSG_PEEK)) {
        tell(HEARD, descriptor, 0, (char *)bytes + 3, ((size_t)got < count ? (size_t)got : count) - 3);
    }
    return got;
}

ssize_t send(int descriptor, void const *bytes, size_t count, int flags) {
    if (count == 1 && *(unsigned char const *)bytes == 0x1E) tell(CONFIRMED, descriptor, 0, NULL, 0);
    return syscall(SYS_sendto, descriptor, bytes, count, flags, NULL, 0);
}
