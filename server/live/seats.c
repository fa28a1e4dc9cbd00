#include "live/seats.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 1024, KEY_SIZE = 65 };

struct tally { /* of one session, or one user, who has streams */
    struct tally *next;
    uint8_t key[KEY_SIZE]; /* 'u' and the name, or 's' and the id; zeros after it */
    int count;
};

struct srv_seats {
    pthread_mutex_t lock;
    int per_session, per_user;
    struct tally *buckets[BUCKETS];
};

static void user_key(const char *user, uint8_t ret_key[KEY_SIZE])
{
    memset(ret_key, 0, KEY_SIZE);
    ret_key[0] = 'u';
    memcpy(ret_key + 1, user, strnlen(user, KEY_SIZE - 1));
}

static void session_key(const uint8_t session[16], uint8_t ret_key[KEY_SIZE])
{
    memset(ret_key, 0, KEY_SIZE);
    ret_key[0] = 's';
    memcpy(ret_key + 1, session, 16);
}

/* Where the tally is linked, or would be. */
static struct tally **place_of(struct srv_seats *seats, const uint8_t key[KEY_SIZE])
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (int i = 0; i < KEY_SIZE; i++)
        hash = (hash ^ key[i]) * 16777619u;
    struct tally **place = &seats->buckets[hash % BUCKETS];
    while (*place != NULL && memcmp((*place)->key, key, KEY_SIZE) != 0)
        place = &(*place)->next;
    return place;
}

static enum cm_code add(struct srv_seats *seats, const uint8_t key[KEY_SIZE], int most, struct cm_err *err)
{
    struct tally **place = place_of(seats, key);
    if (*place == NULL) {
        struct tally *tally = calloc(1, sizeof *tally);
        if (tally == NULL)
            return cm_fail(err, CM_NOMEM, "out of memory");
        memcpy(tally->key, key, KEY_SIZE);
        *place = tally;
    }
    if ((*place)->count >= most)
        return cm_fail(err, CM_AGAIN, "too many pages of yours are open already: close some");
    (*place)->count++;
    return CM_OK;
}

static void subtract(struct srv_seats *seats, const uint8_t key[KEY_SIZE])
{
    struct tally **place = place_of(seats, key), *tally = *place;
    if (tally == NULL || --tally->count > 0)
        return;
    *place = tally->next;
    free(tally);
}

enum cm_code srv_seats_create(int per_session, int per_user, struct srv_seats **ret_seats, struct cm_err *err)
{
    struct srv_seats *seats = calloc(1, sizeof *seats);
    if (seats == NULL)
        return cm_fail(err, CM_NOMEM, "out of memory");
    pthread_mutex_init(&seats->lock, NULL);
    srv_seats_limit(seats, per_session, per_user);
    *ret_seats = seats;
    return CM_OK;
}

void srv_seats_destroy(struct srv_seats *seats)
{
    if (seats == NULL)
        return;
    for (int i = 0; i < BUCKETS; i++)
        while (seats->buckets[i] != NULL) {
            struct tally *tally = seats->buckets[i];
            seats->buckets[i] = tally->next;
            free(tally);
        }
    pthread_mutex_destroy(&seats->lock);
    free(seats);
}

void srv_seats_limit(struct srv_seats *seats, int per_session, int per_user)
{
    seats->per_session = per_session;
    seats->per_user = per_user;
}

enum cm_code srv_seats_take(struct srv_seats *seats, const char *user, const uint8_t session[16],
                            struct cm_err *err)
{
    uint8_t of_user[KEY_SIZE], of_session[KEY_SIZE];
    user_key(user, of_user);
    session_key(session, of_session);
    pthread_mutex_lock(&seats->lock);
    enum cm_code code = add(seats, of_user, seats->per_user, err);
    if (code == CM_OK) {
        code = add(seats, of_session, seats->per_session, err);
        if (code != CM_OK)
            subtract(seats, of_user);
    }
    pthread_mutex_unlock(&seats->lock);
    return code;
}

void srv_seats_give(struct srv_seats *seats, const char *user, const uint8_t session[16])
{
    uint8_t of_user[KEY_SIZE], of_session[KEY_SIZE];
    user_key(user, of_user);
    session_key(session, of_session);
    pthread_mutex_lock(&seats->lock);
    subtract(seats, of_user);
    subtract(seats, of_session);
    pthread_mutex_unlock(&seats->lock);
}
