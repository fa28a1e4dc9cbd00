/* Recordings made by the test itself: folders of PGM pictures and uncompressed AVI files. Every picture is one grey that
 * tells its index. */
#ifndef TEST_RECORDINGS_H
#define TEST_RECORDINGS_H

#include <stdint.h>

enum { AVI_WIDTH = 64, AVI_HEIGHT = 48, AVI_FPS = 10 };

struct folder {
    char path[256];
};

void folder_make(struct folder *folder);
void folder_remove(struct folder *folder); /* with everything in it */

void write_text(const struct folder *folder, const char *name, const char *text);
void write_pgm(const struct folder *folder, const char *name, int width, int height, uint8_t gray);
/* The header promises `promised` frames; `count` are there. Frame i is of gray 10 * i. */
void write_avi(const struct folder *folder, const char *name, int count, int promised);

#endif
