// What the four libraries cost by themselves: they are linked and used once, for one TLS request, by nothing else.
//
//     floor URL AUTHORITY CERTIFICATE KEY     prints the peak of resident memory and its anonymous part, in KiB
#include <bluetooth/bluetooth.h>
#include <curl/curl.h>
#include <libudev.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

static size_t ignore(char *bytes, size_t size, size_t count, void *nobody) { return size * count; }

int main(int count, char **words) {
    if (count != 5) return 64;
    sqlite3 *database;
    sqlite3_open(":memory:", &database);
    struct udev *udev = udev_new();
    bdaddr_t address;
    str2ba("00:09:1F:80:00:22", &address);
    curl_global_init(CURL_GLOBAL_ALL);
    CURL *curl = curl_easy_init();
    curl_easy_setopt(curl, CURLOPT_URL, words[1]);
    curl_easy_setopt(curl, CURLOPT_CAINFO, words[2]);
    curl_easy_setopt(curl, CURLOPT_SSLCERT, words[3]);
    curl_easy_setopt(curl, CURLOPT_SSLKEY, words[4]);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ignore);
    CURLcode code = curl_easy_perform(curl);
    if (code) fprintf(stderr, "floor: %s\n", curl_easy_strerror(code));
    long peak = 0, anonymous = 0;
    char line[256];
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status)) {
        sscanf(line, "VmHWM: %ld", &peak);
        sscanf(line, "RssAnon: %ld", &anonymous);
    }
    printf("%ld %ld\n", peak, anonymous);
    udev_unref(udev);
    return code ? 1 : 0;
}
