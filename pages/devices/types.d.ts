// What moves.py tells.

interface MovesStage {
  title: string;
  code: string;
  told: string;
  error: string | null;
  places: { name: string; shape: string; there: boolean }[];
}

interface MovesData {
  stages: MovesStage[];
  cpu: string;
  device: string;
  back: string;
  next: string;
}
