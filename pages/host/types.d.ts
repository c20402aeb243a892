// What board.py tells.

interface HostRun {
  id: string;
  cells: string[];
}

interface HostData {
  numbers: { name: string; value: string; help: string }[];
  heading: string;
  nobody: string;
  columns: string[];
  end: string;
  end_help: string;
  runs: HostRun[];
}
