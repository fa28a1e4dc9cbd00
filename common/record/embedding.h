/*
 * What is known about face embeddings wherever they are checked: the model, the length that its vectors have, and how near
 * two faces may be to be one person's. How the limits were measured is told in station/enrol/enrol.c.
 */
#ifndef CM_EMBEDDING_H
#define CM_EMBEDDING_H

#define CM_EMBEDDING_MODEL "dlib_resnet_v1"

/* Vectors of 1,108 faces were 1.23 to 1.63 long; anything far off is damaged, or made up. */
#define CM_EMBEDDING_LENGTH_MIN 0.5f
#define CM_EMBEDDING_LENGTH_MAX 3.0f

/* Euclidean distance to the nearest template of another student: up to here it is one person under two ids … */
#define CM_FACE_DUPLICATE_MAX 0.40f
/* … and up to here the two look alike. */
#define CM_FACE_LOOK_ALIKE_MAX 0.48f

#endif
