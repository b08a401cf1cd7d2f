export { collectorCommand } from './collector.ts';
export { doctorCommand } from './doctor.ts';
