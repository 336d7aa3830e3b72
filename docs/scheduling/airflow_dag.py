"""An Airflow DAG: each quarter the whole run, then one notebook again with other parameters.

Needs ``apache-airflow`` and ``apache-airflow-providers-papermill`` in Airflow's environment and
the playbook's own environment on the workers. The whole run is one task, because ``playbook run``
already orders the notebooks, resumes after a crash and publishes whole or not at all.
``PapermillOperator`` suits a single notebook on a published run: it reads the run's tables and
writes its own beside them, so the published report stays as it is.
"""

import pendulum
from airflow.providers.papermill.operators.papermill import PapermillOperator
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

PLAYBOOK = "/opt/playbook"
RUN_ID = "{{ data_interval_end | ds }}"

with DAG(
    dag_id="segment_report",
    schedule="0 4 1 1,4,7,10 *",
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
) as dag:
    report = BashOperator(
        task_id="report",
        cwd=PLAYBOOK,
        bash_command=(
            ".venv/bin/playbook run --config config/acme.yaml --data /srv/acme/extracts "
            f"--as-of {RUN_ID} --run-id {RUN_ID}"
        ),
        retries=1,  # only an exit code of 5 is worth it; a second call after success does nothing
    )
    careful_review = PapermillOperator(
        task_id="careful_review",
        input_nb=f"{PLAYBOOK}/notebooks/05_anomaly_review.ipynb",
        output_nb=f"/srv/acme/reviews/05-{RUN_ID}.ipynb",
        parameters={"root": PLAYBOOK, "run_id": RUN_ID, "review_days": 14},
        kernel_name="python3",
    )
    report >> careful_review
