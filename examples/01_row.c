/* SPDX-License-Identifier: MIT */
/* Train on a CSV file with a column "price" and predict its first rows. */
#include <mlpipe/mlpipe.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    mlpipe_ctx *c; mlpipe_dataset *d, *head; mlpipe_pipeline *p;
    mlpipe_model *m; double price[5];

    if (mlpipe_ctx_new(NULL, &c)) return 1;
    if (mlpipe_read_csv(c, argc > 1 ? argv[1] : "houses.csv", NULL, &d)
        || mlpipe_pipeline_new(c, "target=price id=id time=date", &p)
        || mlpipe_pipeline_add(c, p, "gbt", NULL)
        || mlpipe_fit(c, p, d, NULL, &m)
        || mlpipe_dataset_slice(c, d, 0, 5, &head)
        || mlpipe_predict(c, m, head, price, 5))
        return fprintf(stderr, "%s\n", mlpipe_ctx_error(c)->text), 1;
    return printf("%.0f %.0f %.0f %.0f %.0f\n", price[0], price[1], price[2],
                  price[3], price[4]) < 0;
}
