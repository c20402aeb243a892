export class Film {}
