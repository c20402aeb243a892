export class Wave {}
