"""Commands that print a TOML file to start from: settings, a prescription, a machine."""

from __future__ import annotations

import click

from scanproc.pipeline import STAGES


@click.command("settings", short_help="print every setting as a TOML file")
@click.argument("stage", required=False, type=click.Choice([*(stage.name for stage in STAGES), "simulate"]))
def settings(stage: str | None) -> None:
    """Print every setting (of STAGE) as a TOML file: name, default, meaning. Edit it and pass it with --config."""
    from scanproc.pipeline import config_types
    from scanproc.settings import template
    from scanproc.simulation.settings import SimulationConfig

    known = config_types() if stage is None else {**config_types(), "simulate": SimulationConfig}
    chosen = {name: kind for name, kind in known.items() if stage in (None, name)}
    click.echo(template(chosen), nl=False)


@click.command("prescription", short_help="print the insole's prescription as a TOML file")
@click.option("--preset", metavar="NAME", help="Print what a preset says, with its reasons.")
def prescription(preset: str | None) -> None:
    """Print the insole's prescription as a TOML file: every field, its default, range and reason.

    Edit it and pass it with --prescription. Presets: shell, sulcus, full, eva-block, ucbl, sport, dress, diabetic, or
    a TOML of your own; `preset = "ucbl"` starts from one, and the file's other fields win over it.
    """
    from scanproc.prescription.fields import InsoleConfig
    from scanproc.prescription.presets import preset_with_reasons
    from scanproc.settings import template

    click.echo(template({"insole": InsoleConfig}, preset_with_reasons(preset) if preset else None), nl=False)


@click.command("machine", short_help="print the mill, its tools and the stock as a TOML file")
@click.option("--preset", default="block", show_default=True, metavar="NAME", help="block, shell or positive.")
def machine(preset: str) -> None:
    """Print machine.toml: the mill, its tools, the stock, how to cut; every name, its default, its meaning.

    Put it beside the scan, or pass it with --machine. It counts where insole.process is not "print".
    """
    from scanproc.machining.machine import machine_template

    click.echo(machine_template(preset), nl=False)
