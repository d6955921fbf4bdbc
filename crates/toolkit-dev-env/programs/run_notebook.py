"""Runs the cells of a notebook in a kernel of its own, and says on stdout what came of them.

It is handed to Python with `asked`: the notebook as a text, the cells to run, and the name of the kernel.

Exit code 3: a package or the kernel is missing. What a cell prints never reaches our stdout: it comes through the kernel.
"""

import json
import sys

try:
    import nbformat
    from jupyter_client.kernelspec import NoSuchKernel
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError
except ImportError as error:
    print(f"missing package: {error.name}", file=sys.stderr)
    raise SystemExit(3) from None


def main() -> None:
    notebook = nbformat.reads(asked["notebook"], as_version=4)
    client = NotebookClient(notebook, timeout=None, kernel_name=asked["kernel"] or "")
    if not asked["kernel"]:
        client.kernel_name = notebook.metadata.get("kernelspec", {}).get("name", "python3")
    wanted = asked["cells"]
    ran, failed = [], None
    with client.setup_kernel():
        for index, cell in enumerate(notebook.cells):
            if cell.cell_type != "code" or (wanted is not None and index not in wanted):
                continue
            try:
                client.execute_cell(cell, index)
            except CellExecutionError as error:
                failed = {"cell": index, "error": f"{error.ename}: {error.evalue}"}
            ran.append({"cell": index, "execution_count": cell.execution_count, "outputs": cell.outputs})
            if failed:
                break
    json.dump({"ran": ran, "failed": failed}, sys.stdout)


try:
    main()
except NoSuchKernel as error:
    print(f"missing kernel: {error.name}", file=sys.stderr)
    raise SystemExit(3) from None
