#include "enrol/one_person.h"

#include "recognition/gallery.h"
#include <assert.h>
#include <stdbool.h>

struct stn_one_person stn_one_person_check(const float (*embeddings)[CM_EMBEDDING_DIM], int count,
                                           float distance_max)
{
    assert(count >= 0 && count <= STN_ONE_PERSON_IMAGES_MAX);
    struct stn_one_person result = {.odd = -1, .other = -1, .distance = 0};
    bool one_person = true;
    float largest_sum = -1;
    for (int i = 0; i < count; i++) {
        float sum = 0, farthest = -1;
        int farthest_image = -1;
        for (int k = 0; k < count; k++) {
            if (k == i)
                continue;
            float distance = stn_embedding_distance(embeddings[i], embeddings[k]);
            one_person = one_person && distance <= distance_max; /* NaN is not one person */
            sum += distance;
            if (distance > farthest) {
                farthest = distance;
                farthest_image = k;
            }
        }
        if (sum >= largest_sum) {
            largest_sum = sum;
            result = (struct stn_one_person){.odd = i, .other = farthest_image, .distance = farthest};
        }
    }
    if (one_person)
        result = (struct stn_one_person){.odd = -1, .other = -1, .distance = result.distance};
    return result;
}
