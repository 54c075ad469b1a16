// What Swift's Glibc module leaves out of the kernel's interface.
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/timex.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

// Behind _GNU_SOURCE, which the Glibc module is not built with.
extern char **environ;
int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags);
int posix_openpt(int flags);
int grantpt(int fd);
int unlockpt(int fd);
int ptsname_r(int fd, char *name, size_t size);
int mkostemp(char *pattern, int flags);
/// One of the files that the process consists of, as dl_iterate_phdr(3) tells of it; glibc's has more fields behind these.
struct vitalsd_loaded {
    ElfW(Addr) address;
    const char *name;
    const ElfW(Phdr) *segments;
    ElfW(Half) count;
};
int dl_iterate_phdr(int (*each)(struct vitalsd_loaded *loaded, size_t size, void *context), void *context);
void *memmem(const void *bytes, size_t size, const void *sought, size_t length);
int pthread_timedjoin_np(pthread_t thread, void **outcome, const struct timespec *due);

// Swift calls no variadic function, and takes no global variable that may change under it.
static inline int vitalsd_name_thread(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }
static inline int vitalsd_claim_line(int fd) { return ioctl(fd, TIOCEXCL); }
static inline int vitalsd_release_line(int fd) { return ioctl(fd, TIOCNXCL); }
static inline int vitalsd_process_descriptor(pid_t process) { return syscall(SYS_pidfd_open, process, 0); }
static inline int vitalsd_signal_process(int fd, int number) {
    return syscall(SYS_pidfd_send_signal, fd, number, (void *)0, 0);
}
static inline int vitalsd_window_size(int fd, unsigned short *rows, unsigned short *columns) {
    struct winsize size;
    if (ioctl(fd, TIOCGWINSZ, &size) != 0) return -1;
    *rows = size.ws_row;
    *columns = size.ws_col;
    return 0;
}
static inline char **vitalsd_environment(void) { return environ; }
