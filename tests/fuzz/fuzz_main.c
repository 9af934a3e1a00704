/* SPDX-License-Identifier: MIT */
/* Runs a fuzz target over files and folders where libFuzzer is absent. */
#include <dirent.h>
#include <sys/stat.h>

#include "fuzz.h"

static int fuzz_run_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    uint8_t *data = NULL;
    long size = -1;
    if (f && !fseek(f, 0, SEEK_END))
        size = ftell(f);
    if (size >= 0 && !fseek(f, 0, SEEK_SET))
        data = malloc((size_t)size ? (size_t)size : 1);
    const int fine =
        data && fread(data, 1, (size_t)size, f) == (size_t)size;
    if (fine)
        LLVMFuzzerTestOneInput(data, (size_t)size);
    else
        fprintf(stderr, "%s: cannot be read\n", path);
    free(data);
    if (f)
        fclose(f);
    return fine ? 1 : -1000000;
}

/* How many inputs ran; negative where one could not be read. */
static int fuzz_run(const char *path)
{
    struct stat st;
    int count = 0;
    if (stat(path, &st) || !S_ISDIR(st.st_mode))
        return fuzz_run_file(path);
    DIR *dir = opendir(path);
    if (!dir)
        return -1000000;
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        char name[4096];
        snprintf(name, sizeof name, "%s/%s", path, e->d_name);
        if (e->d_name[0] != '.')
            count += fuzz_run_file(name);
    }
    closedir(dir);
    return count;
}

int main(int argc, char **argv)
{
    int count = 0;
    for (int i = 1; i < argc; i++)
        count += fuzz_run(argv[i]);
    printf("%d inputs\n", count);
    return count > 0 ? 0 : 1;
}
