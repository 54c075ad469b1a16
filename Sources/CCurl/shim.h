#include <curl/curl.h>
#include <zlib.h>

// curl_easy_setopt and curl_easy_getinfo are variadic, which Swift cannot call.
static inline CURLcode vitalsd_set_long(CURL *c, CURLoption o, long v) { return curl_easy_setopt(c, o, v); }
static inline CURLcode vitalsd_set_text(CURL *c, CURLoption o, const char *v) { return curl_easy_setopt(c, o, v); }
static inline CURLcode vitalsd_set_pointer(CURL *c, CURLoption o, void *v) { return curl_easy_setopt(c, o, v); }
static inline CURLcode vitalsd_set_list(CURL *c, CURLoption o, struct curl_slist *v) { return curl_easy_setopt(c, o, v); }
static inline CURLcode vitalsd_set_write(CURL *c, curl_write_callback f) { return curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, f); }
static inline CURLcode vitalsd_set_header(CURL *c, curl_write_callback f) { return curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, f); }
static inline CURLcode vitalsd_get_offset(CURL *c, CURLINFO i, curl_off_t *v) { return curl_easy_getinfo(c, i, v); }
static inline CURLcode vitalsd_get_certificates(CURL *c, struct curl_certinfo **v) { return curl_easy_getinfo(c, CURLINFO_CERTINFO, v); }
static inline CURLcode vitalsd_get_long(CURL *c, CURLINFO i, long *v) { return curl_easy_getinfo(c, i, v); }

// Casts of the C preprocessor, which Swift does not import.
static const unsigned long CURLAUTH_BASIC_ = CURLAUTH_BASIC, CURLAUTH_BEARER_ = CURLAUTH_BEARER;

// zlib's beginnings are macros. 15: the largest window; 16 more: gzip's form.
static inline int vitalsd_deflate_begin(z_stream *s, int level) {
    return deflateInit2(s, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
}
static inline int vitalsd_inflate_begin(z_stream *s) { return inflateInit2(s, 15 + 16); }
