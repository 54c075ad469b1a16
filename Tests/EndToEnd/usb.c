/* Every pty is behind the USB adapter whose attributes lie in the folder that HUB_USB names, under the daemon by LD_PRELOAD. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

char *realpath(const char *restrict path, char *restrict resolved) {
    static char *(*real)(const char *, char *);
    if (!real) real = (char *(*)(const char *, char *))dlsym(RTLD_NEXT, "realpath");
    const char *usb = getenv("HUB_USB");
    return real(usb && !strncmp(path, "/sys/dev/char/136:", 18) ? usb : path, resolved);
}
