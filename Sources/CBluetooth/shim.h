// The kernel's socket interface as libbluetooth's headers lay it out; nothing of the library itself is called or linked.
// What they take from the C library stays CLinux's, else Swift would find it in this module alone.
#pragma clang module import CLinux
#include <bluetooth/bluetooth.h>
#include <bluetooth/hci.h>
#include <bluetooth/l2cap.h>
#include <bluetooth/rfcomm.h>
