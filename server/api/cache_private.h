/* The inside of struct srv_api, for the files that keep something in it. */
#ifndef SRV_API_CACHE_PRIVATE_H
#define SRV_API_CACHE_PRIVATE_H

#include "api/cache.h"
#include <pthread.h>

enum { SRV_BOARDS_MAX = 128, SRV_KEPT_MAX = 512 };

struct srv_kept {
    uint64_t version;
    int64_t minute; /* since 1970 */
    struct srv_chunk *bytes;
    size_t key_size;
    uint8_t key[];
};

struct srv_api {
    pthread_mutex_t lock;

    bool census_known;
    uint64_t census_change; /* of the store's changes, of which attendance makes none */
    struct srv_api_classes census_classes;
    struct srv_census *census;

    struct srv_board boards[SRV_BOARDS_MAX];
    unsigned next_board; /* the one that makes room */

    struct srv_kept *kept[SRV_KEPT_MAX]; /* by a hash of the key; NULL: nothing here */

    uint64_t
        failed_at_good;    /* commits + 1 when a sign of life failed: no longer so after the next; 0: none */
    int64_t asked_mono_us; /* the writer, for a sign of life; 0: nothing is on its way */
};

void srv_api_kept_free(struct srv_kept *kept);

#endif
