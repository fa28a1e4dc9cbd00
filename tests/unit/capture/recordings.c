#include "recordings.h"

#include "unit.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void folder_make(struct folder *folder)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(folder->path, sizeof folder->path, "%s/rollcall-test-XXXXXX", tmp != NULL ? tmp : "/tmp");
    assert_non_null(mkdtemp(folder->path));
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *ftw)
{
    (void)info;
    (void)type;
    (void)ftw;
    return remove(path);
}

void folder_remove(struct folder *folder)
{
    nftw(folder->path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static FILE *create(const struct folder *folder, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder->path, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    return file;
}

void write_text(const struct folder *folder, const char *name, const char *text)
{
    FILE *file = create(folder, name);
    fputs(text, file);
    fclose(file);
}

static void put_grays(FILE *file, int count, uint8_t gray)
{
    for (int i = 0; i < count; i++)
        fputc(gray, file);
}

void write_pgm(const struct folder *folder, const char *name, int width, int height, uint8_t gray)
{
    FILE *file = create(folder, name);
    fprintf(file, "P5\n%d %d\n255\n", width, height);
    put_grays(file, width * height, gray);
    fclose(file);
}

static void put_u32(FILE *file, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        fputc((int)(value >> 8 * i & 0xff), file);
}

static void put_chunk(FILE *file, const char *id, uint32_t bytes)
{
    fwrite(id, 1, 4, file);
    put_u32(file, bytes);
}

/* A number of zero words. */
static void put_zeros(FILE *file, int words)
{
    while (words-- > 0)
        put_u32(file, 0);
}

static void put_stream_header(FILE *file, int promised)
{
    put_chunk(file, "strh", 56);
    fwrite("vids", 1, 4, file);
    put_zeros(file, 4);
    put_u32(file, 1); /* scale */
    put_u32(file, AVI_FPS);
    put_u32(file, 0);
    put_u32(file, (uint32_t)promised);
    put_zeros(file, 5);
    put_chunk(file, "strf", 40);
    put_u32(file, 40);
    put_u32(file, AVI_WIDTH);
    put_u32(file, AVI_HEIGHT);
    put_u32(file, 1 | 24 << 16); /* planes, bits */
    put_zeros(file, 6);
}

void write_avi(const struct folder *folder, const char *name, int count, int promised)
{
    enum {
        FRAME_BYTES = AVI_WIDTH * AVI_HEIGHT * 3,
        STREAM_BYTES = 4 + 8 + 56 + 8 + 40,
        HEADER_BYTES = 4 + 8 + 56 + 8
    };
    FILE *file = create(folder, name);
    uint32_t movie_bytes = 4 + (uint32_t)promised * (8 + FRAME_BYTES);
    put_chunk(file, "RIFF", 4 + 8 + HEADER_BYTES + STREAM_BYTES + 8 + movie_bytes);
    fwrite("AVI ", 1, 4, file);
    put_chunk(file, "LIST", HEADER_BYTES + STREAM_BYTES);
    fwrite("hdrl", 1, 4, file);
    put_chunk(file, "avih", 56);
    put_u32(file, 1000000 / AVI_FPS);
    put_zeros(file, 3);
    put_u32(file, (uint32_t)promised);
    put_u32(file, 0);
    put_u32(file, 1); /* streams */
    put_u32(file, 0);
    put_u32(file, AVI_WIDTH);
    put_u32(file, AVI_HEIGHT);
    put_zeros(file, 4);
    put_chunk(file, "LIST", STREAM_BYTES);
    fwrite("strl", 1, 4, file);
    put_stream_header(file, promised);
    put_chunk(file, "LIST", movie_bytes);
    fwrite("movi", 1, 4, file);
    for (int i = 0; i < count; i++) {
        put_chunk(file, "00db", FRAME_BYTES);
        put_grays(file, FRAME_BYTES, (uint8_t)(10 * i));
    }
    fclose(file);
}
