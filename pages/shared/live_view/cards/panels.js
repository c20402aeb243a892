export class Panels {}
