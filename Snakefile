# The build: data -> run -> collect -> site. `make book` calls it; so does `snakemake site --cores 2`.
#
# A chapter's results are no output of a rule, since Snakemake removes outputs before a job and after
# a failed one, and the last good run must stay. Stamps stand for them: a stamp is taken away when
# `freshness` finds that what its run stands on has changed, and then the chapter runs again.
from pathlib import Path

from soundreasons import parameters, project
from soundreasons.site import inputs

PROFILE = config.get("profile", "laptop")
SEEDS = [int(seed) for seed in str(config.get("seeds", "")).split(",") if seed]
CHAPTERS = project.slugs()
STAMPS = Path("_build/stamps")

if PROFILE not in project.PROFILES:
    raise ValueError(f"profile is {PROFILE!r}, expected one of {', '.join(project.PROFILES)}")
if workflow.is_main_process:
    inputs.forget_stale(CHAPTERS, PROFILE, STAMPS)
    inputs.remember(STAMPS / "profile.txt", PROFILE)


localrules: data, site, sweep


rule site:
    input:
        expand(STAMPS / PROFILE / "{slug}.ran", slug=CHAPTERS),
        STAMPS / "profile.txt",
        inputs.of_site(),
    output:
        touch(STAMPS / "site.built"),
    shell:
        "soundreasons site --profile {PROFILE}"


rule sweep:
    # snakemake sweep --cores 4 --config chapter=spiky_svd profile=laptop seeds=0,3,6
    input:
        expand(STAMPS / PROFILE / "{slug}.seed{seed}.ran", slug=config.get("chapter", CHAPTERS), seed=SEEDS),


rule data:
    input:
        inputs.REGISTRY,
        inputs.remember(STAMPS / "sources.txt", inputs.data_sources()),
    output:
        touch(STAMPS / "data.{profile}.fetched"),
    params:
        names=lambda wildcards: inputs.data_names(CHAPTERS, wildcards.profile),
    shell:
        "soundreasons data fetch --missing-ok {params.names}"


rule run:
    input:
        ancient(STAMPS / "data.{profile}.fetched"),
    output:
        touch(STAMPS / "{profile}" / "{slug}.ran"),
    wildcard_constraints:
        slug="[a-z_]+",
    threads: 1
    resources:
        gpu=lambda wildcards: int(wildcards.profile == "paper"),
    shell:
        "soundreasons run {wildcards.slug} --profile {wildcards.profile} --threads {threads}"


rule run_seed:
    input:
        ancient(STAMPS / "data.{profile}.fetched"),
    output:
        touch(STAMPS / "{profile}" / "{slug}.seed{seed}.ran"),
    wildcard_constraints:
        slug="[a-z_]+",
        seed="[0-9]+",
    threads: 1
    resources:
        gpu=lambda wildcards: int(wildcards.profile == "paper"),
    shell:
        "soundreasons run {wildcards.slug} --profile {wildcards.profile} --threads {threads}"
        " --set seed={wildcards.seed}"
