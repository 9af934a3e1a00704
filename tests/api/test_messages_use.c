/* SPDX-License-Identifier: MIT */
/* What people read of datasets, parts, comparisons, searches and slots. */
#include "api/messages.h"
#include "golden_text.h"
#include "model/model_support.h"

static mlpipe_ctx *c;
static mlpipe_dataset *d; /* 60 rows: i, g of 3 texts, e yes or no, t, x, n */

static int open_all(void **state)
{
    char csv[60 * 60 + 60];
    size_t n = (size_t)sprintf(csv, "i,g,e,t,x,n,one\n");
    (void)state;
    c = made_ctx(1);
    for (int i = 0; i < 60; i++)
        n += (size_t)sprintf(csv + n, "%d,%s,%s,2020-01-%02d,%d.5,%s,a\n", i,
                             i % 3 ? i % 2 ? "red" : "blue" : "green",
                             i % 4 ? "yes" : "no", 1 + i % 28, i * 7 % 30,
                             i ? "1.5" : "");
    d = read_text(c, csv, "as=g:category,e:category,one:category");
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    mlpipe_dataset_free(d);
    mlpipe_ctx_free(c);
    return 0;
}

/* ---- datasets ----------------------------------------------------------- */

static void datasets(void **state)
{
    mlpipe_dataset *out;
    mlpipe_report *r;
    double x[60];
    (void)state;
    mlpipe_dataset *const texts = read_text(c, "s\nfree\ntext\n", "as=s:text");
    TOLD(c, mlpipe_dataset_doubles(c, texts, 0, 0, x, 2));
    mlpipe_dataset_free(texts);
    TOLD(c, mlpipe_dataset_sort(c, d, "by=x,x", &out));
    TOLD(c, mlpipe_dataset_select(c, d, "columns=x,x", &out));
    TOLD(c, mlpipe_dataset_select(c, d, "columns=x drop=i", &out));
    TOLD(c, mlpipe_dataset_select(c, d, "rename=x", &out));
    TOLD(c, mlpipe_dataset_drift(c, d, d, "columns=x,x", &r));
    TOLD(c, mlpipe_dataset_drift(c, d, d, "warn=0.5 drift=0.1", &r));
    TOLD(c, mlpipe_dataset_sample(c, d, "share=9e9 replace=true", &out));
    TOLD(c, mlpipe_dataset_profile(c, d, "columns=x,x", &r));
    TOLD(c, mlpipe_dataset_profile(c, d, "now=tomorrow", &r));
    TOLD(c, mlpipe_dataset_duplicates(c, d, "on=zz", &r));
    TOLD(c, mlpipe_dataset_asof(c, d, d, "on=t columns=x,x", &out));
}

static void builders(void **state)
{
    const mlpipe_limits small = {.size = sizeof small, .cell_bytes = 3,
                                 .categories = 1};
    const char *const texts[] = {"one", "three"};
    const char *const odd[] = {"a", "\xff"};
    const int64_t times[] = {1, 2};
    mlpipe_ctx *const tight = limited(&small);
    mlpipe_builder *b;
    mlpipe_layout *l;
    uint32_t token;
    (void)state;
    assert_ok(tight, mlpipe_builder_new(tight, NULL, NULL, &b));
    TOLD(tight, mlpipe_builder_texts(tight, b, "s", texts, 2));
    TOLD(tight, mlpipe_builder_texts(tight, b, "s", odd, 2));
    TOLD(tight, mlpipe_builder_times(tight, b, "t", 9, times, NULL, 2));
    mlpipe_builder_free(b);
    assert_ok(tight, mlpipe_layout_new(tight, 16, &l));
    TOLD(tight, mlpipe_layout_field(tight, l, "", MLPIPE_F64, 0));
    assert_ok(tight, mlpipe_layout_field(tight, l, "colour", MLPIPE_TOKEN, 0));
    TOLD(tight, mlpipe_layout_field(tight, l, "colour", MLPIPE_F64, 8));
    TOLD(tight, mlpipe_layout_missing(tight, l, "colour", 0));
    TOLD(tight, mlpipe_layout_missing(tight, l, "color", 0));
    TOLD(tight, mlpipe_layout_token(tight, l, "\xff", 1, &token));
    assert_ok(tight, mlpipe_layout_token(tight, l, "a", 1, &token));
    TOLD(tight, mlpipe_layout_token(tight, l, "b", 1, &token));
    TOLD(tight, mlpipe_layout_token(tight, l, "long", 4, &token));
    mlpipe_layout_free(l);
    mlpipe_ctx_free(tight);
}

/* ---- parts and folds ---------------------------------------------------- */

static void parts(void **state)
{
    static const char *const cuts[] = {
        "parts=0.5,0.6",
        "parts=0.5,0.5 at=3",
        "order=x at=ten",
        "order=t at=3",
        "at=3",
        "order=x at=9,9",
        "order=x at=-5",
        "order=i,x at=3",
        "order=g at=3",
        "order=n at=3",
        "parts=0.5,0.5 stratify=g,e",
        "parts=0.5,0.5 group=one",
        "order=i parts=0.5,0.5 gap=-5",
        "order=i parts=0.5,0.5 gap=1.5",
        "order=i parts=0.5,0.5 gap=5d",
        "order=t parts=0.5,0.5 gap=-5d",
        "order=t parts=0.5,0.5 gap=9999999999d",
        "order=i parts=0.5,0.5 label_end=t",
        "order=t parts=0.5,0.5 label_end=i",
        "parts=0.5,0.5 label_end=t",
    };
    static const char *const folds[] = {
        "folds=99",
        "kind=ordered repeats=2 order=i",
        "max_train=5",
        "order=i",
        "gap=3",
        "bins=3",
        "kind=groups",
        "kind=groups group=one",
        "kind=groups group=g folds=3",
        "stratify=g,e",
        "stratify=g folds=25",
        "kind=ordered order=i folds=5 test=20",
    };
    mlpipe_dataset *part[2], *none;
    (void)state;
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        const mlpipe_status st = mlpipe_dataset_split(c, d, cuts[i], part, 2);
        if (!st)
            fail_msg("is cut: %s", cuts[i]);
        golden_error(__BASE_FILE__, cuts[i], c, st);
    }
    for (size_t i = 0; i < sizeof folds / sizeof *folds; i++) {
        const mlpipe_status st =
            mlpipe_dataset_fold(c, d, folds[i], 0, &part[0], &part[1]);
        if (!st)
            fail_msg("is folded: %s", folds[i]);
        golden_error(__BASE_FILE__, folds[i], c, st);
    }
    assert_ok(c, mlpipe_dataset_slice(c, d, 0, 0, &none));
    TOLD(c, mlpipe_dataset_split(c, none, "parts=0.5,0.5", part, 2));
    mlpipe_dataset_free(none);
    mlpipe_dataset *const typed = read_text(c, "i\na\nb\n", "as=i:text");
    mlpipe_dataset *const other[2] = {d, typed};
    mlpipe_report *r;
    TOLD(c, mlpipe_split_check(c, other, 2, "id=i", &r));
    mlpipe_dataset_free(typed);
}

/* ---- models side by side ------------------------------------------------ */

static mlpipe_model *fitted(const mlpipe_dataset *rows, const char *roles)
{
    mlpipe_pipeline *p;
    mlpipe_model *m;
    assert_ok(c, mlpipe_pipeline_new(c, roles, &p));
    assert_ok(c, mlpipe_pipeline_add(c, p, "gbt", "trees=2"));
    assert_ok(c, mlpipe_fit(c, p, rows, NULL, &m));
    mlpipe_pipeline_free(p);
    return m;
}

static void comparisons(void **state)
{
    mlpipe_dataset *const two = read_text(
        c, "x,e,g\n1,yes,a\n2,no,a\n3,yes,b\n4,no,b\n5,yes,a\n6,no,b\n",
        "as=e:category,g:category");
    mlpipe_dataset *const named = read_text(
        c, "x,e\n1,ja\n2,nei\n3,ja\n4,nei\n5,ja\n6,nei\n", "as=e:category");
    mlpipe_model *a = fitted(d, "target=g features=x");
    mlpipe_model *b = fitted(two, "target=g features=x");
    mlpipe_model *e = fitted(d, "target=e features=x");
    mlpipe_model *f = fitted(named, "target=e features=x");
    mlpipe_dataset *const yes =
        read_text(c, "x,e\n100,yes\n200,yes\n300,yes\n", "as=e:category");
    mlpipe_report *r;
    (void)state;
    TOLD(c, mlpipe_compare(c, a, b, two, NULL, &r));
    TOLD(c, mlpipe_compare(c, e, f, two, NULL, &r));
    TOLD(c, mlpipe_compare(c, e, a, two, NULL, &r));
    TOLD(c, mlpipe_compare(c, e, e, yes, "metric=auc seen=keep", &r));
    mlpipe_dataset *const four = read_text(
        c, "x,g\n1,a\n2,b\n3,c\n4,d\n5,a\n6,b\n7,c\n8,d\n", "as=g:category");
    mlpipe_model *k = fitted(four, "target=g features=x");
    TOLD(c, mlpipe_compare(c, a, k, four, NULL, &r));
    mlpipe_model_free(k);
    mlpipe_dataset_free(four);
    mlpipe_model_free(a);
    mlpipe_model_free(b);
    mlpipe_model_free(e);
    mlpipe_model_free(f);
    mlpipe_dataset_free(two);
    mlpipe_dataset_free(named);
    mlpipe_dataset_free(yes);
}

static void searches(void **state)
{
    static const char *const spaces[][2] = {
        {"gbt.trees=2,3", "folds=99"},
        {"gbt.trees=2,3", "halving=1"},
        {"gbt.trees=2,2", NULL},
        {"gbt.rate=0.1,0.1", NULL},
        {"gbt.rate=0.5..0.1", NULL},
        {"gbt.rate=0.1..0.5:lin", NULL},
        {"gbt.rate=0.1..", NULL},
        {"gbt.l2=0..1:log", NULL},
        {"gbt.rate=0.1-0.5", NULL},
        {"gbt.trees=2,,3", NULL},
        {"", NULL},
        {"gbt.l2=-1e308..1e308", NULL},
        {"gbt.trees=2,3", "metric=rmsee"},
        {"gbt.trees=2,3", "metric=auc"},
    };
    mlpipe_pipeline *p, *tuned;
    mlpipe_report *r;
    (void)state;
    assert_ok(c, mlpipe_pipeline_new(c, "target=x features=i", &p));
    assert_ok(c, mlpipe_pipeline_add(c, p, "gbt", "trees=2"));
    for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++) {
        const mlpipe_status st = mlpipe_search(c, p, d, NULL, spaces[i][0],
                                               spaces[i][1], &tuned, &r);
        char name[200];
        snprintf(name, sizeof name, "%s | %s", spaces[i][0],
                 spaces[i][1] ? spaces[i][1] : "");
        if (!st)
            fail_msg("is searched: %s", name);
        golden_error(__BASE_FILE__, name, c, st);
    }
    mlpipe_pipeline_free(p);
}

/* ---- slots -------------------------------------------------------------- */

static void slots(void **state)
{
    mlpipe_model *x = fitted(d, "target=i features=x");
    mlpipe_model *n = fitted(d, "target=i features=x,n");
    mlpipe_dataset *const typed = read_text(
        c, "i,x\n1,a\n2,b\n3,a\n4,b\n5,a\n6,b\n", "as=x:category");
    mlpipe_model *k = fitted(typed, "target=i features=x");
    mlpipe_slot *slot;
    mlpipe_worker *w;
    double out[1], row[1] = {1};
    (void)state;
    assert_ok(c, mlpipe_slot_new(c, x, NULL, NULL, &slot));
    TOLD(c, mlpipe_slot_swap(c, slot, n));
    TOLD(c, mlpipe_slot_swap(c, slot, k));
    assert_ok(c, mlpipe_worker_new(c, slot, NULL, &w));
    assert_int_not_equal(0, mlpipe_worker_predict(w, 1, 0, NULL, out, 1));
    golden_tell(__BASE_FILE__, "no records", mlpipe_worker_error(w));
    assert_int_not_equal(0, mlpipe_worker_predict(w, 1, 0, row, NULL, 1));
    golden_tell(__BASE_FILE__, "no out", mlpipe_worker_error(w));
    mlpipe_worker_free(w);
    mlpipe_slot_free(slot);
    mlpipe_model_free(x);
    mlpipe_model_free(n);
    mlpipe_model_free(k);
    mlpipe_dataset_free(typed);
}

static void rules(void **state)
{
    mlpipe_model *m = fitted(d, "target=i features=x");
    mlpipe_trigger *t;
    (void)state;
    TOLD(c, mlpipe_trigger_new(c, m, "age > \xff", &t));
    TOLD(c, mlpipe_trigger_new(c, m, "agee > 1", &t));
    mlpipe_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(datasets),    cmocka_unit_test(builders),
        cmocka_unit_test(parts),       cmocka_unit_test(comparisons),
        cmocka_unit_test(searches),    cmocka_unit_test(slots),
        cmocka_unit_test(rules),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
