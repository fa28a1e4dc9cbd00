#include "frame/frame.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

enum {
    FRAMES_MAX = 64,   /* a pool is for frames in flight, not for storage */
    STRIDE_ALIGN = 16, /* rows start where vector code likes them */
    BUFFER_ALIGN = 64,
};

/* The frame comes first: a pointer to it is the slot. */
struct slot {
    struct stn_frame frame;
    size_t capacity; /* bytes behind frame.pixels */
};

struct stn_frame_pool {
    pthread_mutex_t lock; /* guards free and free_count */
    size_t bytes_max;
    int count;
    int free_count;
    struct slot *free[FRAMES_MAX];
    struct slot slots[];
};

static int bytes_per_pixel(enum stn_pixel_format format)
{
    switch (format) {
    case STN_PIXEL_BGR24:
        return 3;
    case STN_PIXEL_GRAY8:
        return 1;
    }
    return 0;
}

enum cm_code stn_frame_pool_create(int count, size_t bytes_max, struct stn_frame_pool **ret_pool,
                                   struct cm_err *err)
{
    if (count < 1 || count > FRAMES_MAX || bytes_max == 0)
        return cm_fail(err, CM_INVALID, "a frame pool takes 1 to %d frames of at least one byte", FRAMES_MAX);
    struct stn_frame_pool *pool = calloc(1, sizeof *pool + (size_t)count * sizeof pool->slots[0]);
    if (pool == NULL)
        return cm_fail(err, CM_NOMEM, "out of memory for %d frames", count);
    if (pthread_mutex_init(&pool->lock, NULL) != 0) {
        free(pool);
        return cm_fail(err, CM_BACKEND, "the system gave no lock for a frame pool");
    }
    pool->bytes_max = bytes_max;
    pool->count = count;
    for (int i = 0; i < count; i++) {
        pool->slots[i].frame.pool = pool;
        pool->free[pool->free_count++] = &pool->slots[i];
    }
    *ret_pool = pool;
    return CM_OK;
}

void stn_frame_pool_destroy(struct stn_frame_pool *pool)
{
    if (pool == NULL)
        return;
    assert(pool->free_count == pool->count);
    for (int i = 0; i < pool->count; i++)
        free(pool->slots[i].frame.pixels);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

static struct slot *take_free(struct stn_frame_pool *pool)
{
    struct slot *slot = NULL;
    pthread_mutex_lock(&pool->lock);
    if (pool->free_count > 0)
        slot = pool->free[--pool->free_count];
    pthread_mutex_unlock(&pool->lock);
    return slot;
}

static void give_back(struct slot *slot)
{
    struct stn_frame_pool *pool = slot->frame.pool;
    pthread_mutex_lock(&pool->lock);
    assert(pool->free_count < pool->count);
    pool->free[pool->free_count++] = slot;
    pthread_mutex_unlock(&pool->lock);
}

/* The slot is ours alone here: it is off the free list and nobody has seen it yet. */
static bool make_room(struct slot *slot, size_t bytes)
{
    if (slot->capacity >= bytes)
        return true;
    size_t rounded = (bytes + BUFFER_ALIGN - 1) / BUFFER_ALIGN * BUFFER_ALIGN;
    uint8_t *pixels = aligned_alloc(BUFFER_ALIGN, rounded);
    if (pixels == NULL)
        return false;
    free(slot->frame.pixels);
    slot->frame.pixels = pixels;
    slot->capacity = rounded;
    return true;
}

enum cm_code stn_frame_acquire(struct stn_frame_pool *pool, int width, int height,
                               enum stn_pixel_format format, struct stn_frame **ret_frame, struct cm_err *err)
{
    int depth = bytes_per_pixel(format);
    if (depth == 0 || width < 1 || height < 1 || width > STN_FRAME_SIDE_MAX || height > STN_FRAME_SIDE_MAX)
        return cm_fail(err, CM_INVALID, "a picture of %d x %d is not between 1 x 1 and %d x %d", width,
                       height, STN_FRAME_SIDE_MAX, STN_FRAME_SIDE_MAX);
    int stride = (width * depth + STRIDE_ALIGN - 1) / STRIDE_ALIGN * STRIDE_ALIGN;
    size_t bytes = (size_t)stride * (size_t)height;
    if (bytes > pool->bytes_max)
        return cm_fail(err, CM_INVALID, "a picture of %d x %d takes %zu bytes; frames here hold %zu", width,
                       height, bytes, pool->bytes_max);
    struct slot *slot = take_free(pool);
    if (slot == NULL)
        return cm_fail(err, CM_AGAIN, "all %d frames are in use", pool->count);
    if (!make_room(slot, bytes)) {
        give_back(slot);
        return cm_fail(err, CM_NOMEM, "out of memory for a picture of %d x %d", width, height);
    }
    struct stn_frame *frame = &slot->frame;
    *frame = (struct stn_frame){.width = width,
                                .height = height,
                                .stride = stride,
                                .format = format,
                                .pixels = frame->pixels,
                                .pool = pool,
                                .refs = 1};
    *ret_frame = frame;
    return CM_OK;
}

/* refs is a plain int so that the header stays readable by C++; only these two functions touch it once the
 * frame is out, and only by the compiler's atomics. */
struct stn_frame *stn_frame_ref(struct stn_frame *frame)
{
    int before = __atomic_fetch_add(&frame->refs, 1, __ATOMIC_RELAXED);
    assert(before > 0);
    (void)before;
    return frame;
}

void stn_frame_unref(struct stn_frame *frame)
{
    if (frame == NULL)
        return;
    /* Release: what this holder read happened before; acquire: before the next producer writes. */
    int before = __atomic_fetch_sub(&frame->refs, 1, __ATOMIC_ACQ_REL);
    assert(before > 0);
    if (before == 1)
        give_back((struct slot *)frame);
}
