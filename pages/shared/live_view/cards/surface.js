export class Surface {}
