#include "recognition/gallery.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* dlib's embeddings of 1,108 faces were 1.23 to 1.63 long; anything far off is a damaged template, not a face. */
static const float length_min = 0.5f, length_max = 3.0f;

struct template_row {
    int student;
    float embedding[CM_EMBEDDING_DIM];
};

struct stn_gallery {
    struct template_row *rows;
    size_t row_count, row_capacity;
    char (*student_ids)[CM_ID_SIZE];
    size_t student_count, student_capacity;
};

enum cm_code stn_gallery_create(struct stn_gallery **ret_gallery, struct cm_err *err)
{
    struct stn_gallery *gallery = calloc(1, sizeof *gallery);
    if (gallery == NULL)
        return cm_fail(err, CM_NOMEM, "out of memory for the gallery");
    *ret_gallery = gallery;
    return CM_OK;
}

void stn_gallery_destroy(struct stn_gallery *gallery)
{
    if (gallery == NULL)
        return;
    if (gallery->rows != NULL)
        explicit_bzero(gallery->rows, gallery->row_capacity * sizeof *gallery->rows);
    free(gallery->rows);
    free(gallery->student_ids);
    free(gallery);
}

/* Grows by hand instead of realloc, so that no copy of a template stays behind in freed memory. */
static bool grow_rows(struct stn_gallery *gallery)
{
    size_t capacity = gallery->row_capacity > 0 ? gallery->row_capacity * 2 : 64;
    struct template_row *rows = calloc(capacity, sizeof *rows);
    if (rows == NULL)
        return false;
    if (gallery->row_count > 0) {
        memcpy(rows, gallery->rows, gallery->row_count * sizeof *rows);
        explicit_bzero(gallery->rows, gallery->row_capacity * sizeof *rows);
    }
    free(gallery->rows);
    gallery->rows = rows;
    gallery->row_capacity = capacity;
    return true;
}

static bool grow_students(struct stn_gallery *gallery)
{
    size_t capacity = gallery->student_capacity > 0 ? gallery->student_capacity * 2 : 64;
    char(*ids)[CM_ID_SIZE] = realloc(gallery->student_ids, capacity * sizeof *ids);
    if (ids == NULL)
        return false;
    gallery->student_ids = ids;
    gallery->student_capacity = capacity;
    return true;
}

/* From the end: templates arrive student by student, so the last one is nearly always the right one. */
static int find_student(const struct stn_gallery *gallery, const char *student_id)
{
    for (size_t i = gallery->student_count; i-- > 0;)
        if (strcmp(gallery->student_ids[i], student_id) == 0)
            return (int)i;
    return -1;
}

static bool plausible(const float embedding[CM_EMBEDDING_DIM])
{
    float square = 0;
    for (int i = 0; i < CM_EMBEDDING_DIM; i++)
        square += embedding[i] * embedding[i];
    return square >= length_min * length_min && square <= length_max * length_max;
}

enum cm_code stn_gallery_add(struct stn_gallery *gallery, const char *student_id,
                             const float embedding[CM_EMBEDDING_DIM], struct cm_err *err)
{
    size_t id_length = strlen(student_id);
    if (id_length == 0 || id_length >= CM_ID_SIZE) /* cut short it could be another student's */
        return cm_fail(err, CM_INVALID, "a template belongs to no student id that there can be");
    if (!plausible(embedding))
        return cm_fail(err, CM_INVALID, "a template of student %s is damaged: enrol the student again",
                       student_id);
    if (gallery->row_count >= STN_GALLERY_TEMPLATES_MAX)
        return cm_fail(err, CM_NOMEM, "more than %d templates: serve fewer classes at this station",
                       STN_GALLERY_TEMPLATES_MAX);
    if (gallery->row_count == gallery->row_capacity && !grow_rows(gallery))
        return cm_fail(err, CM_NOMEM, "out of memory for templates");
    int student = find_student(gallery, student_id);
    if (student < 0) {
        if (gallery->student_count == gallery->student_capacity && !grow_students(gallery))
            return cm_fail(err, CM_NOMEM, "out of memory for students");
        student = (int)gallery->student_count++;
        memcpy(gallery->student_ids[student], student_id, id_length + 1);
    }
    struct template_row *row = &gallery->rows[gallery->row_count++];
    row->student = student;
    memcpy(row->embedding, embedding, sizeof row->embedding);
    return CM_OK;
}

static float square_distance(const float *a, const float *b)
{
    float sum[4] = {0, 0, 0,
                    0}; /* four sums: the compiler can use vector registers without reordering one sum */
    for (int i = 0; i < CM_EMBEDDING_DIM; i += 4)
        for (int k = 0; k < 4; k++) {
            float difference = a[i + k] - b[i + k];
            sum[k] += difference * difference;
        }
    return sum[0] + sum[1] + sum[2] + sum[3];
}

float stn_embedding_distance(const float a[CM_EMBEDDING_DIM], const float b[CM_EMBEDDING_DIM])
{
    return sqrtf(square_distance(a, b));
}

struct stn_match stn_gallery_match_except(const struct stn_gallery *gallery,
                                          const float embedding[CM_EMBEDDING_DIM], const char *student_id)
{
    struct stn_match match = {.student = -1, .distance = INFINITY, .second = -1, .second_distance = INFINITY};
    int except = student_id != NULL ? find_student(gallery, student_id) : -1;
    for (size_t i = 0; i < gallery->row_count; i++) {
        const struct template_row *row = &gallery->rows[i];
        if (row->student == except)
            continue;
        float distance = square_distance(row->embedding, embedding);
        if (distance < match.distance) {
            if (row->student != match.student) {
                match.second = match.student;
                match.second_distance = match.distance;
            }
            match.student = row->student;
            match.distance = distance;
        } else if (row->student != match.student && distance < match.second_distance) {
            match.second = row->student;
            match.second_distance = distance;
        }
    }
    match.distance = sqrtf(match.distance);
    match.second_distance = sqrtf(match.second_distance);
    return match;
}

struct stn_match stn_gallery_match(const struct stn_gallery *gallery, const float embedding[CM_EMBEDDING_DIM])
{
    return stn_gallery_match_except(gallery, embedding, NULL);
}

const char *stn_gallery_student_id(const struct stn_gallery *gallery, int student)
{
    return student >= 0 && (size_t)student < gallery->student_count ? gallery->student_ids[student] : "";
}

size_t stn_gallery_students(const struct stn_gallery *gallery)
{
    return gallery->student_count;
}

size_t stn_gallery_templates(const struct stn_gallery *gallery)
{
    return gallery->row_count;
}
