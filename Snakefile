# The build: data -> chapters -> site. `make book` calls it; so does `snakemake site --cores 2`.
#
# `soundreasons.stale` alone decides what is stale; Snakemake orders and runs it. A chapter's results are no
# output of a rule, since Snakemake removes outputs before a job and after a failed one, and the last good
# run must stay. Stamps stand for them, and the stamp of what is stale is taken away here. Which chapters are
# stale is asked again once data were fetched: a chapter that had to do without some may have them now.
from soundreasons import project, stale

PROFILE = config.get("profile", "laptop")
SEEDS = [int(seed) for seed in str(config.get("seeds", "")).split(",") if seed]
CHAPTERS = project.slugs()
STAMPS = "_build/stamps"

if PROFILE not in project.PROFILES:
    raise ValueError(f"profile is {PROFILE!r}, expected one of {', '.join(project.PROFILES)}")
if workflow.is_main_process:
    stale.forget(PROFILE)


localrules: data, site, sweep


def once_fetched(wildcards):
    """Wait for the data, and for nothing else."""
    checkpoints.data.get(profile=wildcards.get("profile", PROFILE))
    return []


def chapters(wildcards):
    """Stamps of all chapters, in step with the data that are here by now."""
    once_fetched(wildcards)
    if workflow.is_main_process:
        stale.settle_runs(PROFILE)
    return [f"{STAMPS}/{PROFILE}/{slug}.ran" for slug in CHAPTERS]


rule site:
    input:
        chapters,
    output:
        touch(f"{STAMPS}/site.built"),
    shell:
        "soundreasons site --profile {PROFILE}"


rule sweep:
    # snakemake sweep --cores 4 --config chapter=spiky_svd profile=laptop seeds=0,3,6
    input:
        expand(f"{STAMPS}/{PROFILE}/{{slug}}.seed{{seed}}.ran", slug=config.get("chapter", CHAPTERS), seed=SEEDS),


checkpoint data:
    output:
        f"{STAMPS}/data.{{profile}}.json",
    shell:
        "soundreasons data fetch --missing-ok --profile {wildcards.profile}"


rule run:
    input:
        once_fetched,
    output:
        touch(f"{STAMPS}/{{profile}}/{{slug}}.ran"),
    wildcard_constraints:
        slug="[a-z_0-9]+",
    threads: 1
    resources:
        gpu=lambda wildcards: int(wildcards.profile == "paper"),
    shell:
        "soundreasons run {wildcards.slug} --profile {wildcards.profile} --threads {threads}"


rule run_seed:
    input:
        once_fetched,
    output:
        touch(f"{STAMPS}/{{profile}}/{{slug}}.seed{{seed}}.ran"),
    wildcard_constraints:
        slug="[a-z_0-9]+",
        seed="[0-9]+",
    threads: 1
    resources:
        gpu=lambda wildcards: int(wildcards.profile == "paper"),
    shell:
        "soundreasons run {wildcards.slug} --profile {wildcards.profile} --threads {threads}"
        " --set seed={wildcards.seed}"


onerror:
    # A failed chapter never takes the book away: the others are shown, and it is shown as failed.
    if any(stale.why_run(slug, PROFILE) for slug in CHAPTERS):
        shell("soundreasons site --profile {PROFILE} --as-is || true")
