// What Swift's Glibc module leaves out of the kernel's interface.
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/timex.h>
#include <sys/un.h>

static inline int vitalsd_name_thread(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }
