// What antidote (signove/antidote, LGPL, built outside this tree by `make antidote`) needs for the oximeter's message
// that our bench decodes for `phd 11073-10404`. Prints name, tab, nanoseconds for each, the best of many rounds:
//
//     structures   decode_apdu and decode_scanreportinfofixed: the message as structures; the values stay octets
//     data list    communication_process_input_data: its manager, from bytes to the list of texts that an application
//                  gets, with the answer to the agent, which is encoded and goes nowhere
//
// antidote writes a line to stderr for nearly each of its steps. It is compiled without those.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <communication/communication.h>
#include <communication/context_manager.h>
#include <communication/parser/decoder_ASN1.h>
#include <communication/parser/encoder_ASN1.h>
#include <communication/parser/struct_cleaner.h>
#include <communication/plugin/plugin.h>
#include <dim/nomenclature.h>
#include <manager.h>

// What antidote publishes (tests/resources/apdu), as in our tests. The association says 0191 instead of 0190, by which
// antidote would leave the time stamps unread that vitalsd decodes.
static const char *association =
    "e2000032800000000001002a5079002680000000a0008000000040000000008000000008112233445566770401910001010000000000";
static const char *report =
    "e7000036003412380101002e0000ffffffff0d1d0024f00000000002001c0001000a00622007120612100000"
    "000a000a00482007120612100000";

static unsigned char message[256];
static unsigned size;
static int sent, told;

static void read_hex(const char *hex) {
    size = strlen(hex) / 2;
    for (unsigned at = 0; at < size; at++) sscanf(hex + 2 * at, "%2hhx", &message[at]);
}

// As its plugins do it: the reader owns a copy of what arrived.
static ByteStreamReader *arrived(void) {
    unsigned char *bytes = malloc(size);
    memcpy(bytes, message, size);
    return byte_stream_reader_instance(bytes, size);
}

static int send_nowhere(Context *context, ByteStreamWriter *stream) {
    sent++;
    return NETWORK_ERROR_NONE;
}

static int find(const DataEntry *entry, const char *value) {
    const char *text = entry->u.simple.value;
    if (entry->choice == SIMPLE_DATA_ENTRY) return text && !strncmp(text, value, strlen(value));
    for (int at = 0; at < entry->u.compound.entries_count; at++)
        if (find(&entry->u.compound.entries[at], value)) return 1;
    return 0;
}

// The first list is looked at: a decoder that reads nothing must not look fast.
static void measured(Context *context, DataList *list) {
    if (told++) return;
    DataEntry *each = list->values;
    if (list->size != 2 || !find(&each[0], "98") || !find(&each[1], "72") || !find(&each[1], "12")) {
        fprintf(stderr, "antidote: not 98 and 72 of December\n");
        exit(1);
    }
}

static void structures(Context *context) {
    APDU apdu;
    ScanReportInfoFixed scan;
    int error = 0;
    ByteStreamReader *stream = arrived();
    decode_apdu(stream, &apdu, &error);
    Any *told = &encode_get_data_apdu(&apdu.u.prst)->message.u.roiv_cmipConfirmedEventReport.event_info;
    ByteStreamReader *inner = byte_stream_reader_instance(told->value, told->length);
    decode_scanreportinfofixed(inner, &scan, &error);
    if (error || scan.obs_scan_fixed.count != 2 || scan.obs_scan_fixed.value[0].obs_val_data.value[1] != 98) exit(1);
    del_scanreportinfofixed(&scan);
    free(inner);
    del_apdu(&apdu);
    del_byte_stream_reader(stream, 1);
}

static void data_list(Context *context) { communication_process_input_data(context, arrived()); }

static void measure(const char *name, void (*decode)(Context *), Context *context) {
    const int round = 2000;
    double best = 1e18;
    for (int rounds = 1000000 / round; rounds > 0; rounds--) {
        struct timespec start, end;
        clock_gettime(CLOCK_MONOTONIC, &start);
        for (int each = 0; each < round; each++) decode(context);
        clock_gettime(CLOCK_MONOTONIC, &end);
        double took = (end.tv_sec - start.tv_sec) * 1e9 + (end.tv_nsec - start.tv_nsec);
        if (took < best) best = took;
    }
    printf("%s\t%.1f\n", name, best / round);
}

int main(void) {
    CommunicationPlugin memory = communication_plugin();
    memory.network_send_apdu_stream = send_nowhere;
    CommunicationPlugin *plugins[] = {&memory, NULL};
    manager_init(plugins);
    ManagerListener listener = MANAGER_LISTENER_EMPTY;
    listener.measurement_data_updated = measured;
    manager_add_listener(listener);
    manager_start();
    ContextId id = {1, 1};
    Context *context = communication_transport_connect_indication(id, "memory");
    read_hex(association);
    communication_process_input_data(context, arrived());
    read_hex(report);
    measure("structures", structures, context);
    sent = 0;
    measure("data list", data_list, context);
    if (told != 1000000 || sent != told) {
        fprintf(stderr, "antidote: %d told and %d answered of a million\n", told, sent);
        return 1;
    }
    return 0;
}
