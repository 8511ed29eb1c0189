"""A cluster that tells its jobs' logs when they fail, as executors of real ones do."""

from snakemake_executor_plugin_cluster_generic import Executor as Generic
from snakemake_executor_plugin_cluster_generic import ExecutorSettings, common_settings

__all__ = ["Executor", "ExecutorSettings", "common_settings"]


class Executor(Generic):
    def report_job_error(self, job_info, msg=None, **more):
        super().report_job_error(job_info, msg=msg, aux_logs=[f"cluster_{job_info.external_jobid}.out"], **more)
