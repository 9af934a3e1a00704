/* SPDX-License-Identifier: MIT */
/* How many tasks the process has after each use of the library: one. */
#include <mlpipe/mlpipe.h>

#include <dirent.h>
#include <stdio.h>

static int tasks(void)
{
    DIR *dir = opendir("/proc/self/task");
    struct dirent *entry;
    int n = 0;

    if (!dir)
        return -1;
    while ((entry = readdir(dir)))
        n += entry->d_name[0] != '.';
    closedir(dir);
    return n;
}

int main(void)
{
    const int loaded = tasks();
    double x[300], y[300], out[300];
    mlpipe_ctx *c = NULL;
    mlpipe_builder *b = NULL;
    mlpipe_dataset *d = NULL;
    mlpipe_pipeline *p = NULL;
    mlpipe_model *m = NULL;
    int i, fitted;

    for (i = 0; i < 300; i++) {
        x[i] = i % 17;
        y[i] = 3 * x[i] + i % 2;
    }
    if (mlpipe_ctx_new(NULL, &c) || mlpipe_builder_new(c, NULL, NULL, &b)
        || mlpipe_builder_column(c, b, "x", MLPIPE_F64, x, NULL, 300)
        || mlpipe_builder_column(c, b, "y", MLPIPE_F64, y, NULL, 300)
        || mlpipe_builder_finish(c, b, &d)
        || mlpipe_pipeline_new(c, "target=y", &p)
        || mlpipe_pipeline_add(c, p, "gbt", "trees=3")
        || mlpipe_fit(c, p, d, NULL, &m)
        || mlpipe_predict(c, m, d, out, 300)
        || mlpipe_model_save(c, m, "tiny.mlpipe")) {
        fprintf(stderr, "%s\n", mlpipe_ctx_error(c)->text);
        return 1;
    }
    fitted = tasks();
    printf("tasks: %d after load, %d after fit and predict\n", loaded,
           fitted);
    printf("f(5) = %.17g\n", out[5]);
    mlpipe_model_free(m);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_builder_free(b);
    mlpipe_ctx_free(c);
    return loaded != 1 || fitted != 1;
}
