/* A hub whose clock something keeps, as it is in a home, under the daemon by LD_PRELOAD: what a machine without a time service
 * measures is another thing, for there every reading is dated again once the time is known. */
#include <sys/timex.h>

int adjtimex(struct timex *clock) {
    clock->status = 0;
    clock->maxerror = 5000;
    return TIME_OK;
}
