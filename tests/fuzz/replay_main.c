/* Runs a fuzzer over the files of its corpus and over mutations of each (200, or as many as it is told) with a fixed seed,
 * so that every test run replays what was found before and tries a little more. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 1 << 20, MUTATIONS_PER_FILE = 200 };

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void run_copy(const uint8_t *data, size_t size)
{
    uint8_t *exact = malloc(size > 0 ? size : 1); /* exact size: the sanitizer sees a read past the end */
    if (exact == NULL)
        abort();
    memcpy(exact, data, size);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
}

static void run_mutations(const uint8_t *data, size_t size, int count, uint64_t *state)
{
    uint8_t *copy = malloc(size + 1);
    if (copy == NULL)
        abort();
    for (int i = 0; i < count && size > 0; i++) {
        memcpy(copy, data, size);
        size_t length = size;
        int edits = 1 + (int)(next_random(state) % 4);
        for (int e = 0; e < edits; e++)
            copy[next_random(state) % size] = (uint8_t)next_random(state);
        if (next_random(state) % 4 == 0)
            length = next_random(state) % (size + 1);
        run_copy(copy, length);
    }
    free(copy);
}

int main(int argc, char **argv)
{
    static uint8_t data[INPUT_MAX];
    uint64_t state = 0x9e3779b97f4a7c15u;
    int files = 0;
    const int mutations = argc > 2 ? atoi(argv[2]) : MUTATIONS_PER_FILE;
    if (argc != 2 && argc != 3) {
        fprintf(stderr, "usage: %s CORPUS-FOLDER [MUTATIONS]\n", argv[0]);
        return 2;
    }
    DIR *dir = opendir(argv[1]);
    if (dir == NULL) {
        perror(argv[1]);
        return 1;
    }
    run_copy(data, 0);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
        FILE *file = fopen(path, "rb");
        if (file == NULL)
            continue;
        size_t size = fread(data, 1, sizeof data, file);
        fclose(file);
        run_copy(data, size);
        run_mutations(data, size, mutations, &state);
        files++;
    }
    closedir(dir);
    printf("%d corpus files, %d mutations each\n", files, mutations);
    return files > 0 ? 0 : 1;
}
