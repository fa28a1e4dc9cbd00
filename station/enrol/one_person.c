#include "enrol/one_person.h"

#include "recognition/gallery.h"
#include <assert.h>
#include <math.h>

static float mean_distance(const float (*embeddings)[CM_EMBEDDING_DIM], int count, int image)
{
    float sum = 0;
    for (int i = 0; i < count; i++)
        sum += i != image ? stn_embedding_distance(embeddings[i], embeddings[image]) : 0;
    return isnan(sum) ? INFINITY : sum / (float)(count - 1);
}

static int farthest_from(const float (*embeddings)[CM_EMBEDDING_DIM], int count, int image)
{
    int farthest = image > 0 ? 0 : 1;
    for (int i = 0; i < count; i++)
        if (i != image && stn_embedding_distance(embeddings[i], embeddings[image]) >
                              stn_embedding_distance(embeddings[farthest], embeddings[image]))
            farthest = i;
    return farthest;
}

struct stn_one_person stn_one_person_check(const float (*embeddings)[CM_EMBEDDING_DIM], int count,
                                           float mean_max)
{
    assert(count >= 0 && count <= STN_ONE_PERSON_IMAGES_MAX);
    struct stn_one_person result = {.odd = -1, .other = -1};
    float largest = mean_max;
    for (int i = 0; count > 1 && i < count; i++) {
        float mean = mean_distance(embeddings, count, i);
        if (mean > mean_max && mean >= largest) {
            largest = mean;
            result.odd = i;
        }
    }
    if (result.odd < 0)
        return result;
    result.other = farthest_from(embeddings, count, result.odd);
    result.distance = stn_embedding_distance(embeddings[result.odd], embeddings[result.other]);
    return result;
}
