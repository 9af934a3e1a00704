/* SPDX-License-Identifier: MIT */
/* A file that cannot be loaded, and a path that cannot be written, are named
 * beside what is wrong with them. */
#include "golden_text.h"
#include "model_support.h"

#include <mlpipe/store.h>
#include <unistd.h>

static void put(const char *path, const char *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

/* The message names the path, as where does, and says this. */
static void named(mlpipe_ctx *c, const char *path, const char *says)
{
    const mlpipe_error *e = mlpipe_ctx_error(c);

    assert_string_equal(e->where, path);
    if (!strstr(e->text, path) || !strstr(e->text, says))
        fail_msg("%s", e->text);
}

static void test_loads(void **state)
{
    static char damaged[1 << 20];
    char folder[] = "/tmp/mlpipe-told-XXXXXX", path[64], table[64], bad[64];
    mlpipe_dataset *d;
    mlpipe_pipeline *p;
    mlpipe_store *store;
    mlpipe_transform *t;
    mlpipe_model *m, *got;
    mlpipe_buffer *b;
    mlpipe_ctx *c;

    assert_ok(NULL, mlpipe_ctx_new(NULL, &c));
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/m.mlpipe", folder);
    snprintf(table, sizeof table, "%s/rows.csv", folder);
    snprintf(bad, sizeof bad, "%s/bad.mlpipe", folder);
    d = made_dataset(c, 0, 60);
    assert_ok(c, mlpipe_pipeline_new(c, "target=price features=lot", &p));
    assert_ok(c, mlpipe_pipeline_add(c, p, "ridge", NULL));
    assert_ok(c, mlpipe_fit(c, p, d, NULL, &m));
    assert_ok(c, mlpipe_model_save(c, m, path));
    /* not a model */
    put(table, "a,b\n1,2\n", 8);
    assert_told(c, MLPIPE_E_FORMAT, mlpipe_model_load(c, table, &got));
    named(c, table, "the library has saved");
    assert_told(c, MLPIPE_E_FORMAT, mlpipe_transform_load(c, table, &t));
    named(c, table, "the library has saved");
    /* A model that is damaged, or cut; its size is that of the host's name and
     * of the build, so that no text is kept here. */
    assert_ok(c, mlpipe_model_bytes(c, m, &b));
    assert_true(mlpipe_buffer_size(b) < sizeof damaged);
    memcpy(damaged, mlpipe_buffer_data(b), mlpipe_buffer_size(b));
    damaged[mlpipe_buffer_size(b) / 2] ^= 1;
    put(bad, damaged, mlpipe_buffer_size(b));
    assert_int_equal(mlpipe_model_load(c, bad, &got), MLPIPE_E_CORRUPT);
    named(c, bad, "backup");
    put(bad, mlpipe_buffer_data(b), mlpipe_buffer_size(b) / 2);
    assert_int_equal(mlpipe_model_load(c, bad, &got), MLPIPE_E_CORRUPT);
    named(c, bad, "backup");
    mlpipe_buffer_free(b);
    /* another kind */
    assert_told(c, MLPIPE_E_FORMAT, mlpipe_transform_load(c, path, &t));
    named(c, path, "mlpipe_model_load");
    assert_told(c, MLPIPE_E_ARG, mlpipe_model_load(c, folder, &got));
    named(c, folder, "is a folder");
    /* what cannot be written */
    assert_told(c, MLPIPE_E_IO, mlpipe_model_save(c, m, folder));
    named(c, folder, "it is a folder; name a file in it");
    snprintf(bad, sizeof bad, "%s/no/m.mlpipe", folder);
    assert_told(c, MLPIPE_E_NOT_FOUND, mlpipe_model_save(c, m, bad));
    named(c, bad, "there is no folder");
    snprintf(bad, sizeof bad, "%s/no/store", folder);
    assert_told(c, MLPIPE_E_NOT_FOUND,
                mlpipe_store_open(c, bad, NULL, &store));
    named(c, bad, "make that first");
    snprintf(bad, sizeof bad, "%s/bad.mlpipe", folder);
    assert_int_equal(unlink(path) | unlink(table) | unlink(bad), 0);
    assert_int_equal(rmdir(folder), 0);
    mlpipe_model_free(m);
    mlpipe_pipeline_free(p);
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
